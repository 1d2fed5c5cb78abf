"""A day of Stockyard from one seed: our workers and relay as they are, on servers that fail.

Only what leads out of the process is exchanged: `Session.connect`, librdkafka's three clients, and
the clock. Everything above them is the code that runs in production, its retries and restarts too.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from pydantic import SecretStr

from consumers.worker import Module
from producers import relay
from producers.health import Health
from schemas.settings import Settings
from schemas.topics import commands_topic, shard_of
from simulation.broker import Broker
from simulation.clients import AdminClient, Consumer, Producer
from simulation.day import MODULES, Day
from simulation.statements import ANSWERS, COPIES
from simulation.store import IDLE_IN_TRANSACTION_SECONDS, Store
from simulation.turns import StuckError, Task, Turns

PREFIX = "sim"
SETTINGS = Settings(
    kafka_bootstrap_servers="simulated", database_url=SecretStr("postgresql://simulated"),
    topic_prefix=PREFIX, batch_records_max=500,
)  # fmt: skip
STEPS_MAX = 60_000
RATES = {
    "kill": (0, 0.001, 0.004),
    "freeze": (0, 0.001, 0.004),
    "stop": (0, 0.001),
    "restart": (0, 0.0005, 0.002),
    "away": (0, 0.0005),
}
"""How likely each fault is at each step; a seed chooses one of the numbers."""
FATES = (0, 0.05, 0.2)
SEEKS = (0, 0.02, 0.1)


def _nothing() -> None:
    """What only measures is left out: it has a thread of its own."""


@dataclass(eq=False)
class Host:
    """A process of ours: the tasks that live and die with it."""

    name: str
    stopping: bool = False
    tasks: list[Task] = field(default_factory=list)


class Stopping:
    """Stands for the event that a signal sets."""

    def __init__(self, turns: Turns, host: Host) -> None:
        self._turns, self._host = turns, host

    def is_set(self) -> bool:
        return self._host.stopping

    def wait(self, timeout: float = 0.0) -> bool:
        if timeout and not self._host.stopping:
            self._turns.wait(self.is_set, timeout)
        return self._host.stopping


class Asked:
    """Stands for `producers.process.Process`: how a process is told to stop, without any signals."""

    def __init__(self, turns: Turns, host: Host) -> None:
        self.stopping = Stopping(turns, host)
        self.health = Health()

    def asked_to_stop(self, within_seconds: float = 0.0) -> bool:
        return self.stopping.wait(within_seconds)

    def close(self) -> None:
        pass


class World:
    """Servers, workers, a relay and a sender; `live` lets a day pass and heals it all."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.turns = Turns(self.random)
        self.turns.meddle = self._meddle
        pick = self.random.choice
        self.rates = {name: pick(rates) for name, rates in RATES.items()}
        self.happened: dict[str, int] = dict.fromkeys([*RATES, "unsent", "unheard", "again"], 0)
        self.healed = False
        self.store = Store(self.turns, ANSWERS, COPIES, self._fate(pick(FATES)))
        self.broker = Broker(
            self.turns,
            partitions=pick((1, 2, 3)),
            batch_max=pick((1, 3, 7, 500)),
            fate=self._fate(pick(FATES)),
            seeks_back=self._seeks(pick(SEEKS)),
        )
        self.workers = pick((1, 2, 3, 4))
        self.relays = pick((1, 1, 2))
        self.hosts: list[Host] = []
        self.halted: list[str] = []
        self.day = Day(self)

    @property
    def busy(self) -> int:
        """How much is going on: the workers, by what there is to do."""
        return self.workers * self.day.count

    def live(self) -> None:
        """Until everything that was sent is applied and told.

        Raises:
            StuckError: it does not come to rest.
            Exception: a process of ours ended by an error.
        """
        with self._exchanged():
            try:
                self._start()
                self.turns.run(lambda: self.day.over, STEPS_MAX)
                self.healed = True
                self.turns.run(self._at_rest, STEPS_MAX)
            finally:
                self.turns.end()

    def _start(self) -> None:
        self.day.stock_up()
        for number in range(self.workers):
            self._start_worker(f"worker-{number}")
        for number in range(self.relays):
            self._start_relay(f"relay-{number}")
        self.turns.start("sender", None, self.day.send)

    def _start_worker(self, name: str) -> None:
        host = Host(name)
        self.hosts.append(host)
        for module in MODULES:
            host.tasks.append(self.turns.start(f"{name} {module}", host, self._work(host, module)))

    def _work(self, host: Host, module: str) -> Any:
        def work() -> None:
            member = Module(module, SETTINGS, Asked(self.turns, host))
            member.run()
            if member.failed:
                self.halted.append(f"{host.name} {module}")

        return work

    def _start_relay(self, name: str) -> None:
        host = Host(name)
        self.hosts.append(host)
        host.tasks.append(self.turns.start(name, host, lambda: relay.run(SETTINGS)))

    def _start_again(self, name: str) -> None:
        (self._start_relay if name.startswith("relay") else self._start_worker)(name)

    # What goes wrong.

    def _meddle(self, task: Task) -> None:
        if self.healed or task.host is None:
            return
        for name, rate in self.rates.items():
            if rate and self.random.random() < rate:
                self.happened[name] += 1
                getattr(self, f"_{name}")(task)

    def _kill(self, task: Task) -> None:
        host = task.host
        if host not in self.hosts:
            return  # it is stopping, and will be started again
        self.hosts.remove(host)
        for each in host.tasks:
            each.killed = True
            self.store.end(each)
            self.broker.end(each)
        self.turns.at(self.turns.now + self._while(20), lambda: self._start_again(host.name))

    def _freeze(self, task: Task) -> None:
        """Long enough to lose locks and partitions, or not quite."""
        until = self.turns.now + self._while(60)
        for each in task.host.tasks:
            each.frozen_until = max(each.frozen_until, until)
            self.broker.silence(each)
            self.turns.at(
                self.turns.now + IDLE_IN_TRANSACTION_SECONDS, lambda e=each: self._idle(e)
            )

    def _idle(self, task: Task) -> None:
        if task.frozen_until > self.turns.now:
            self.store.end_idle(task)

    def _stop(self, task: Task) -> None:
        """In good order, as for an update."""
        host = task.host
        if host.stopping or host not in self.hosts:
            return
        host.stopping = True
        self.hosts.remove(host)
        self.turns.at(self.turns.now + self._while(20), lambda: self._start_again(host.name))

    def _restart(self, _: Task) -> None:
        self.store.restart(self._while(5))

    def _away(self, _: Task) -> None:
        """The broker: for longer than a publisher waits, or shorter."""
        self.broker.away_until = self.turns.now + self._while(60)

    def _while(self, seconds: float) -> float:
        return self.random.random() * seconds

    def _fate(self, rate: float) -> Any:
        def fate() -> str:
            if self.healed or self.random.random() >= rate:
                return "kept"
            name = self.random.choice(("unsent", "unheard"))
            self.happened[name] += 1
            return name

        return fate

    def _seeks(self, rate: float) -> Any:
        def seeks() -> bool:
            back = not self.healed and self.random.random() < rate
            self.happened["again"] += back
            return back

        return seeks

    # When it is over.

    def _at_rest(self) -> bool:
        """Every record applied, every journal row told."""
        if self.halted:
            raise StuckError(f"halted: {self.halted}")
        rows = self.store.tables
        for module in MODULES:
            for number, log in enumerate(self.broker.topic(commands_topic(PREFIX, module))):
                row = rows["shard"].get((shard_of(module, number),))
                if row is None or row[1] != len(log):
                    return False
        return all(row[2] - 1 <= rows["publication"][key][1] for key, row in rows["shard"].items())

    @contextmanager
    def _exchanged(self) -> Iterator[None]:
        """Our own clients for the servers', our time for the machine's."""
        turns, broker = self.turns, self.broker
        clock = SimpleNamespace(monotonic=turns.monotonic, sleep=turns.sleep)
        exchanged = {
            "ledger.connection.Session.connect": self.store.connect,
            "consumers.reader.Consumer": lambda config: Consumer(broker, config),
            "consumers.reader.AdminClient": lambda _: AdminClient(broker),
            "consumers.reader.monotonic": turns.monotonic,
            "consumers.topic_watch.monotonic": turns.monotonic,
            "consumers.member.COMMAND_PARTITIONS": broker.partitions,
            "producers.publisher.Producer": lambda _: Producer(broker),
            "producers.relay.Process": lambda *_: Asked(turns, turns.running.host),
            "producers.relay.Backlog": lambda _: SimpleNamespace(start=_nothing, close=_nothing),
            "producers.relay.os": SimpleNamespace(getpid=lambda: id(turns.running)),
            "producers.publisher.monotonic": turns.monotonic,
            "consumers.member.monotonic": turns.monotonic,
            "consumers.member.gc": SimpleNamespace(collect=lambda _: None),
            "consumers.worker.gc": SimpleNamespace(collect=lambda: None),
            "consumers.shard_publisher.monotonic": turns.monotonic,
            "consumers.worker.monotonic": turns.monotonic,
            "tenacity.time": clock,
            "tenacity.nap.time": clock,
            "tenacity.wait.random": self.random,
        }
        with ExitStack() as stack:
            for name, other in exchanged.items():
                stack.enter_context(patch(name, other))
            yield
