"""The soak: a steady load for as long as one likes, and faults at random that a seed has chosen."""

import random
import time
from collections import Counter

import pytest

from found import Found
from processes import eventually
from schemas.settings import Settings
from soak.callers import Callers
from soak.faults import Faults
from workload import Workload

MINUTES = 2.0
LEG_SECONDS = 90.0
PER_SECOND = 40
RECOVERED_SECONDS = 180.0
FOR_EVER = 10**9


class Soak:
    """Legs of load and faults, each with a proof at its end."""

    def __init__(self, ground, seed, minutes):
        self.ground = ground
        self.seed = seed
        self.name = f"52 random faults for {minutes:g} minutes, seed {seed}"
        self.began = time.monotonic()
        self.until = self.began + 60 * minutes
        self.made: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.sent = self.unsure = self.copies = self.fences = self.legs = 0
        self.slowest = 0.0

    def say(self, what):
        print(f"+{time.monotonic() - self.began:7.1f} s  {what}", flush=True)  # noqa: T201  # shown with the test

    def live(self):
        self.say(f"seed {self.seed}; again: ./stockyard test --soak MINUTES --seed {self.seed}")
        self.ground.begin()
        Workload(self.ground.pipeline, seed=self.seed).stock_up()
        while time.monotonic() < self.until:
            self.leg()
        self.tell()
        self.ground.forget_the_dead()

    def leg(self):
        """Load and faults, then quiet: everything must come right before the next."""
        shop, ground = self.ground.pipeline, self.ground
        self.legs += 1
        self.say(f"leg {self.legs}")
        fault = shop.fault(self.name)
        faults = Faults(ground, random.Random(f"{self.seed}/{self.legs}"), self.say)
        work = Workload(shop, seed=self.seed * 1000 + self.legs)
        callers = Callers(ground.edge, f"{self.seed}-{self.legs}")
        work.begin(FOR_EVER, per_second=PER_SECOND)
        callers.begin()
        ends = min(time.monotonic() + LEG_SECONDS, self.until)
        try:
            while time.monotonic() < ends:
                faults.one()
        finally:
            work.stop()
            ground.heal()
            callers.end()
        fault.heal()
        work.end(RECOVERED_SECONDS)
        fault.seen(f"{faults.made.total()} faults", faults.made)
        self.prove(fault, callers)
        self.made += faults.made
        self.answers += callers.answers

    def prove(self, fault, callers):
        shop, ground = self.ground.pipeline, self.ground
        assert not ground.gave_up(), ground.gave_up()
        eventually("the edge writes again", self.writes, RECOVERED_SECONDS)
        shop.converge(RECOVERED_SECONDS)
        shop.prove()
        assert not callers.odd, callers.odd[:5]
        applied = Found(shop).applied
        for key in callers.granted:
            records = applied.get((Settings().default_tenant, "erp", key), [])
            assert [each["status"] for each in records] == ["applied"], f"{key} was promised"
        wrong = ground.look()
        assert not wrong, wrong
        self.slowest = max(self.slowest, fault.seconds or 0.0)
        self.copies += fault.duplicates
        self.fences += fault.fences
        self.sent += len(shop.sent)
        self.unsure += len(shop.unsure)
        self.say(f"all came right within {fault.seconds:.1f} s; {len(shop.sent)} commands")
        shop.faults.clear()
        shop.forget()

    def writes(self):
        answer = self.ground.edge.reserve(
            {"order_id": "SO", "lines": [{"sku": "HOT", "location": "MAIN", "quantity": "1"}]}
        )
        return answer.status_code in {201, 409}

    def tell(self):
        lines = [
            f"seed {self.seed}, {(time.monotonic() - self.began) / 60:.1f} minutes, {self.legs} legs",
            f"{self.made.total()} faults: "
            + ", ".join(f"{n} {w}" for w, n in self.made.most_common()),
            f"{self.sent} commands acknowledged, {self.unsure} given up by their sender, lost 0",
            f"{self.copies} copies absorbed, {self.fences} fences hit",
            f"slowest recovery {self.slowest:.1f} s",
            f"the edge answered {dict(self.answers)}",
            "most memory: " + ", ".join(f"{k} {m:.0f} MB" for k, m in self.ground.most.items()),
        ]
        for line in lines:
            self.say(line)


@pytest.mark.slow
@pytest.mark.timeout(0)  # its length is asked for, and each of its waits has a bound
def test_a_long_time_of_random_faults_loses_nothing(ground, seed, pytestconfig):
    minutes = pytestconfig.getoption("--soak") or MINUTES
    seed = seed if seed is not None else random.randrange(10_000)
    soak = Soak(ground, seed, minutes)
    try:
        soak.live()
    except BaseException:
        soak.say(f"FAILED with seed {seed}")
        raise
