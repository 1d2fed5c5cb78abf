"""What goes wrong in the soak, at random: each fault by its weight, its length from the seed."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import asks
from processes import SESSION_SECONDS, WAIT_SECONDS
from soak.ground import Ground

POISON = (b"{", b"[]", None, b"\xff\xfe", b'{"order_id": 1}')


@dataclass
class Faults:
    """Makes faults and says so; `made` counts them by name."""

    ground: Ground
    dice: random.Random
    say: Callable[[str], None]
    made: Counter[str] = field(default_factory=Counter)

    def one(self) -> None:
        """One fault, from its beginning to its end. A slow network stays slow for the next one."""
        kinds = list(WEIGHTS)
        (make,) = self.dice.choices(kinds, [WEIGHTS[kind] for kind in kinds])
        make(self)
        if make is not Faults.slow_network:
            self.ground.heal()
        time.sleep(self.dice.uniform(0, 4))

    def _tell(self, what: str, more: str = "") -> None:
        self.made[what] += 1
        self.say(f"{what} {more}".rstrip())

    def _worker(self) -> str:
        return self.dice.choice(sorted(each for each in self.ground.living if "worker" in each))

    def kill_worker(self) -> None:
        self._kill(self._worker(), "worker killed")

    def kill_relay(self) -> None:
        self._kill("relay", "relay killed")

    def kill_projector(self) -> None:
        self._kill("projector", "projector killed")

    def _kill(self, name: str, what: str) -> None:
        away = self.dice.uniform(0, 5)
        self._tell(what, f"({name}), away for {away:.1f} s")
        self.ground.end(name).kill()
        time.sleep(away)
        self.ground.start(name)

    def freeze_worker(self) -> None:
        """Long enough to lose its partitions, or not quite."""
        name, seconds = self._worker(), self.dice.uniform(0.5, 4 * SESSION_SECONDS)
        self._tell("worker frozen", f"({name}) for {seconds:.1f} s")
        self.ground.living[name].freeze()
        time.sleep(seconds)
        self.ground.living[name].wake()

    def stop_worker(self) -> None:
        """As for an update; if it cannot end in time, it is killed, as operators do."""
        name = self._worker()
        self._tell("worker stopped", f"({name})")
        ended = self.ground.end(name)
        ended.process.send_signal(signal.SIGTERM)
        time.sleep(self.dice.uniform(0, 3))
        self.ground.start(name)
        try:
            ended.ended(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            ended.kill()

    def kill_postgres(self) -> None:
        self._server("Postgres", signal.SIGKILL, "Postgres killed")

    def stop_postgres(self) -> None:
        self._server("Postgres", signal.SIGQUIT, "Postgres stopped at once")

    def kill_broker(self) -> None:
        self._server("broker", signal.SIGKILL, "broker killed")

    def _server(self, name: str, by: signal.Signals, what: str) -> None:
        away = self.dice.uniform(0, 6)
        self._tell(what, f"away for {away:.1f} s and its start")
        server = self.ground.servers[name]
        server.process.send_signal(by)
        server.process.wait(WAIT_SECONDS)
        time.sleep(away)
        server.again()

    def freeze_broker(self) -> None:
        seconds = self.dice.uniform(2, 15)
        self._tell("broker frozen", f"for {seconds:.1f} s")
        process = self.ground.servers["broker"].process
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def end_session(self) -> None:
        """As an operator does with one that is in the way."""
        found = self.ground.pipeline.query(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
            " WHERE application_name LIKE 'stockyard%%' ORDER BY md5(pid::text || %s) LIMIT 3) AS chosen",
            str(self.dice.random()),
        )
        self._tell("sessions ended", f"({len(found)})")

    def cut_network(self) -> None:
        name = self._network()
        times = self.dice.randint(1, 5)
        self._tell(f"network to the {name} cut", f"{times} times")
        for _ in range(times):
            self.ground.networks[name].cut(reset=self.dice.random() < 0.5)
            time.sleep(self.dice.uniform(0.1, 1))

    def stall_network(self) -> None:
        name, seconds = self._network(), self.dice.uniform(1, 12)
        ways = self.dice.choice((("up",), ("down",), ("up", "down")))
        self._tell(f"network to the {name} stalled", f"{' and '.join(ways)} for {seconds:.1f} s")
        self.ground.networks[name].stall(*ways)
        time.sleep(seconds)

    def slow_network(self) -> None:
        name, seconds = self._network(), self.dice.uniform(0.005, 0.1)
        self._tell(f"network to the {name} slowed", f"by {seconds * 1000:.0f} ms")
        self.ground.networks[name].slow(seconds)
        time.sleep(self.dice.uniform(1, 8))

    def _network(self) -> str:
        return self.dice.choice(("Postgres", "broker"))

    def send_poison(self) -> None:
        count = self.dice.randint(1, 4)
        self._tell("poison sent", f"({count} records)")
        for _ in range(count):
            value = self.dice.choice(POISON)
            headers = asks.reserve(asks.line("HOT", "1")).raw_headers
            self.ground.pipeline.try_send_raw(value, headers, "reservations", b"poison")


WEIGHTS: dict[Callable[[Faults], None], int] = {
    Faults.kill_worker: 6,
    Faults.freeze_worker: 4,
    Faults.stop_worker: 3,
    Faults.kill_postgres: 2,
    Faults.stop_postgres: 2,
    Faults.kill_broker: 2,
    Faults.freeze_broker: 2,
    Faults.end_session: 3,
    Faults.kill_relay: 3,
    Faults.kill_projector: 3,
    Faults.cut_network: 4,
    Faults.stall_network: 4,
    Faults.slow_network: 3,
    Faults.send_poison: 2,
}
