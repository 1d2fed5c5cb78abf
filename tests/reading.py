"""A ledger that is written to without workers, published by the relay, and read by projectors."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from asks import Ask
from consumers.parity import PARITIES, compare
from ledger import publication
from ledger.connection import connect
from ledgers import Ledger
from processes import WAIT_SECONDS, eventually, start
from producers.journal_relay import publish_pending
from producers.publisher import Publisher
from schemas.settings import Settings


@dataclass(slots=True)
class Reading:
    """One test's ledger, topics and read tables."""

    settings: Settings
    ledger: Ledger
    children: list[Any] = field(default_factory=list)
    publisher: Publisher | None = None
    _logs: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="stockyard-reading-")))

    def ask(self, *asks: Ask, partition: int = 0) -> list[dict[str, Any]]:
        """Apply commands and return their records."""
        return [each.record for each in self.ledger.ask(*asks, partition=partition)]

    def publish(self) -> None:
        """Publish what the journal holds, as the relay does."""
        tx = self.ledger.tx
        if self.publisher is None:
            self.publisher = Publisher(self.settings)
        with tx.transaction():
            leases = publication.take_free(tx, "test")
        for lease in leases:
            publish_pending(tx, self.publisher, lease, self.settings.topic_prefix)

    def start(self, *words: str, fault: str = "", **settings: Any) -> Any:
        """A projector, or another of our commands, in a process of its own.

        `fault` as `schemas.failpoints` reads it.
        """
        log = self._logs / f"{len(self.children)}.log"
        child = start(
            self.settings, log, *(words or ("projector",)), fault=fault, **settings
        ).process
        self.children.append(child)
        return child

    def said(self) -> str:
        return "\n".join(each.read_text() for each in sorted(self._logs.iterdir()))

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.read_url, autocommit=True) as session:
            return session.execute(statement.encode(), values).fetchall()

    def reached(self) -> dict[int, int]:
        rows = self.query("SELECT shard, sequence FROM stockyard_read.progress WHERE shard > 0")
        return dict(rows)

    def wait_for(self, position: dict[int, int]) -> None:
        """Until the read tables have reached a position."""

        def there() -> bool:
            reached = self.reached()
            return all(reached.get(shard, 0) >= at for shard, at in position.items())

        eventually(f"position {position}: {self.said()[-2000:]}", there)

    def differences(self) -> list[str]:
        """Where the read tables and the ledger disagree."""
        with (
            connect(self.settings.ledger_url, "t") as ledger,
            connect(self.settings.read_url, "t") as read,
        ):
            read.execute("SET search_path = stockyard_read")
            return [line for each in PARITIES for line in compare(ledger, read, each).named]

    def agree(self) -> None:
        """Wait until every read table says what the ledger says."""
        deadline = time.monotonic() + WAIT_SECONDS
        while found := self.differences():
            assert time.monotonic() < deadline, f"{found}\n{self.said()[-3000:]}"
            time.sleep(0.05)

    def close(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait(WAIT_SECONDS)
        if self.publisher is not None:
            self.publisher.close()
        self.ledger.close()


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic, as the client hands it over."""

    place: tuple[str, int]
    at: int
    said: tuple[Any, Any]

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return self.place[1]

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return (1, 1_763_700_000_000)

    def value(self) -> Any:
        return self.said[0]

    def headers(self) -> Any:
        return self.said[1]


@dataclass(slots=True)
class Topics:
    """Partitions that are only numbers: what is appended to them gets the next offset."""

    ends: dict[tuple[str, int], int] = field(default_factory=dict)

    def append(self, messages: Sequence[Any], partition: int | None = None) -> list[Record]:
        return [self._append(*message, results_to=partition or 0) for message in messages]

    def _append(
        self, topic: str, partition: int, _: Any, value: Any, headers: Any, results_to: int
    ) -> Record:
        place = (topic, results_to if partition < 0 else partition)
        offset = self.ends.get(place, 0)
        self.ends[place] = offset + 1
        return Record(place, offset, (value, headers))
