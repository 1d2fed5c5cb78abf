"""A shop's day from a seed: many kinds of commands on one hot item and some cold ones.

What it sends, and what was acknowledged of it, is kept by its pipeline; what must hold afterwards
is for `invariants` to say.
"""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

import asks
from asks import Ask
from pipelines import Pipeline
from schemas.topics import COMMAND_PARTITIONS, results_topic
from tail import Tail

HOT = "HOT"
HOT_SHARE = 0.5
CHUNK = 20


@dataclass
class Workload:
    """Sends commands until it has sent them all or is told to stop; with a thread, or without."""

    pipeline: Pipeline
    seed: int
    cold_items: int = 20
    stock: int = 300
    _random: random.Random = field(init=False)
    _thread: threading.Thread | None = None
    _enough: threading.Event = field(default_factory=threading.Event)
    _failed: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        settings = self.pipeline.settings
        self._results = Tail(settings, results_topic(settings.topic_prefix), from_end=True)
        self.items = [HOT, *(f"COLD-{number}" for number in range(self.cold_items))]

    def stock_up(self) -> None:
        """Put the items into the catalog and on the shelf; needs workers of those modules."""
        self.pipeline.ask(*(asks.item(sku) for sku in self.items), asks.location("MAIN"))
        self.pipeline.ask(*(asks.record_stock(sku, str(self.stock)) for sku in self.items))

    def send(self, count: int, *, per_second: float = 0) -> None:
        """So many commands over all partitions; as fast as the broker takes them by default."""
        for chunk in range(0, count, CHUNK):
            if self._enough.is_set():
                break
            for each, _ in zip(self._commands(), range(min(CHUNK, count - chunk)), strict=False):
                partition = self._random.randrange(COMMAND_PARTITIONS)
                self.pipeline.try_send(each, partition=partition)
            self.pipeline.producer().poll(0)
            if per_second:
                time.sleep(CHUNK / per_second)

    def begin(self, count: int, *, per_second: float) -> None:
        """Send from a thread, at a steady rate, until `end`."""
        self._thread = threading.Thread(target=self._run, args=(count, per_second))
        self._thread.start()

    def end(self, within_seconds: float = 60.0) -> None:
        """Wait for the thread, and for the broker to have taken or refused everything."""
        if self._thread is not None:
            self._thread.join(within_seconds)
            assert not self._thread.is_alive(), "the sender hangs"
            assert not self._failed, self._failed
        self.pipeline.settle()
        self._results.close()

    def stop(self) -> None:
        """Send no more; `end` waits for what is under way."""
        self._enough.set()

    def _run(self, count: int, per_second: float) -> None:
        try:
            self.send(count, per_second=per_second)
        except BaseException as error:  # noqa: BLE001  # told by `end`, in the test's thread
            self._failed.append(error)

    def _commands(self) -> Iterator[Ask]:
        while True:
            yield self._command()

    def _command(self) -> Ask:
        chance = self._random.random()
        if chance < 0.70:
            lines = self._random.choice((1, 1, 1, 2, 4))
            return asks.reserve(*(asks.line(self._item(), self._quantity()) for _ in range(lines)))
        if chance < 0.80:
            delta = self._random.choice(("-2", "-1", "1", "5"))
            body = {"sku": self._item(), "location": "MAIN", "delta": delta, "reason_code": "count"}
            return asks.ask("stock.adjust", body)
        if chance < 0.82 and self.pipeline.sent:
            return self._random.choice(self.pipeline.sent)  # the same again
        return self._end_of_a_reservation()

    def _end_of_a_reservation(self) -> Ask:
        """Of one that was granted, if the hundred last results tell of one."""
        told = [orjson.loads(message.value()) for message in self._results.at_hand()[-100:]]
        granted = [
            each["resource"]["id"]
            for each in told
            if each["command_type"] == "reservation.create" and each["resource"]
        ]
        if not granted:
            return asks.reserve(asks.line(self._item(), "1"))
        ends = self._random.choice((asks.release, asks.consume))
        return ends(self._random.choice(granted))

    def _item(self) -> str:
        if self._random.random() < HOT_SHARE:
            return HOT
        return self._random.choice(self.items[1:])

    def _quantity(self) -> str:
        return self._random.choice(("1", "1", "2", "5"))
