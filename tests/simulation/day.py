"""What is sent in a simulated day: promises and their ends, counts, repeats, wrong keys and poison."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import asks
from asks import TENANT, Ask
from schemas.times import stamp
from schemas.topics import commands_topic, shard_of
from simulation.statements import EPOCH

if TYPE_CHECKING:
    from simulation.world import World

MODULES = ("stock", "reservations")
PREFIX = "sim"
LEVELS = (("A", None), ("B", "L1"), ("B", "L2"), ("C", None))
COMMANDS = (3, 8, 15, 35)
DESCRIBED = (True, "exact", None, "[]", "[]", None, "{}")  # as an item that nobody said more of
PAUSE_SECONDS = 3.0
ORDERS = ("create",) * 8 + ("end",) * 5 + ("adjust",) * 3 + ("repeat",) * 3 + ("reuse", "poison")


class Day:
    """A sender, and what it has sent."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._random = world.random
        self.count = self._random.choice(COMMANDS)
        self.sent: list[Ask] = []
        self.poison = 0
        self.over = False

    def stock_up(self) -> None:
        """The catalog stands already; the counts are sent like everything else."""
        rows = self._world.store.tables
        for sku, track_by in (("A", "none"), ("B", "batch"), ("C", "none")):
            rows["item"][TENANT, sku] = (TENANT, sku, sku, "each", track_by, None, 1, *DESCRIBED)
        rows["location"][TENANT, "MAIN"] = (TENANT, "MAIN", "MAIN", "UTC", 1)
        for sku, lot in LEVELS:
            count = asks.record_stock(sku, str(self._random.randint(0, 12)), lot=lot)
            self._put(self._named(count))

    def send(self) -> None:
        """Now and then a few commands, until all are sent; then a while for the faults alone."""
        turns = self._world.turns
        for _ in range(self.count):
            if self._random.random() < 0.3:
                turns.sleep(self._random.random() * PAUSE_SECONDS)
            self._one()
        turns.sleep(self._random.random() * 30)
        self.over = True

    def _one(self) -> None:
        match self._random.choice(ORDERS):
            case "create":
                self._put(self._named(self._reserve()))
            case "end":
                ends = self._random.choice((asks.release, asks.consume))
                self._put(self._named(ends(self._reservation())))
            case "adjust":
                self._put(self._named(self._adjust()))
            case "repeat":
                self._put(self._random.choice(self.sent), again=True)
            case "reuse":
                old = self._random.choice(self.sent)
                other = Ask({**old.headers, "Request-Id": self._id("other")}, self._reserve().body)
                kind = {"Command-Type": "reservation.create"}
                self._put(Ask({**other.headers, **kind}, other.body), again=True)
            case _:
                self.poison += 1
                poison = self._named(self._reserve())
                self._append("reservations", b"k", b"{", poison.raw_headers)

    def _named(self, ask: Ask) -> Ask:
        """Under a key that depends on the seed only."""
        name = self._id("k")
        return Ask({**ask.headers, "Idempotency-Key": name, "Request-Id": f"r-{name}"}, ask.body)

    def _id(self, kind: str) -> str:
        return f"{kind}-{len(self.sent)}-{self.poison}"

    def _put(self, ask: Ask, *, again: bool = False) -> None:
        if again:
            ask = Ask({**ask.headers, "Request-Id": self._id("again")}, ask.body)
        self.sent.append(ask)
        self._append(ask.module, ask.key.encode(), ask.value, ask.raw_headers)

    def _append(self, module: str, key: bytes, value: bytes, headers: Any) -> None:
        broker = self._world.broker
        partition = self._random.randrange(broker.partitions)
        broker.append((commands_topic(PREFIX, module), partition, key, value, headers))

    def _reserve(self) -> Ask:
        lines = [
            asks.line(self._random.choice("AABC"), str(self._random.randint(1, 5)))
            for _ in range(self._random.choice((1, 1, 2, 3)))
        ]
        fields: dict[str, Any] = {"allow_partial": self._random.random() < 0.3}
        if self._random.random() < 0.3:
            until = self._world.turns.now + self._random.random() * 60
            fields["expires_at"] = stamp(EPOCH + timedelta(seconds=until))
        return asks.reserve(*lines, **fields)

    def _reservation(self) -> str:
        """One that a command of ours may have made: its name tells where that command stands."""
        partition = self._random.randrange(self._world.broker.partitions)
        log = self._world.broker.topic(commands_topic(PREFIX, "reservations"))[partition]
        shard = shard_of("reservations", partition)
        return f"rsv-{shard:04x}{0:02x}{self._random.randrange(len(log) + 1):09x}"

    def _adjust(self) -> Ask:
        sku, lot = self._random.choice(LEVELS)
        delta = Decimal(self._random.choice(("-3", "-1", "1", "4")))
        body = {"sku": sku, "location": "MAIN", "lot": lot, "reason_code": "r", "delta": str(delta)}
        return asks.ask("stock.adjust", body)
