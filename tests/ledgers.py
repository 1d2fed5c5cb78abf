"""A ledger for tests: commands applied in batches to a real database, without any Kafka."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from asks import SOURCES, TENANT, Ask
from consumers.apply import Answer, Flushed, Rules, apply
from consumers.isolate import apply_isolated
from consumers.parse import Record, parse
from consumers.parse import Rules as ParseRules
from consumers.stages import Stages
from ledger import shards, verify
from ledger.connection import Transaction, connect, now
from ledger.verify.report import Report
from schemas.times import stamp
from schemas.topics import shard_of


@dataclass(slots=True)
class Answered:
    """What came back for one command: its record, and whether it is a replay."""

    record: dict[str, Any]
    replayed: bool

    @property
    def status(self) -> str:
        return self.record["status"]

    @property
    def code(self) -> int:
        return self.record["code"]

    @property
    def body(self) -> dict[str, Any]:
        return self.record["body"]

    @property
    def problem(self) -> str | None:
        found = self.record.get("problem")
        return None if found is None else found["type"].rpartition("/")[2]


@dataclass(slots=True)
class Ledger:
    """A ledger in a real database, and partitions of commands that are only numbers."""

    url: str
    sent: list[Answer] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)
    tx: Transaction = None

    def open(self) -> "Ledger":
        self.tx = connect(self.url, "stockyard test", batches=True)
        self.tx.autocommit = True
        return self

    def records(self, asks: list[Ask], partition: int = 0) -> list[Record]:
        """The asks as they would stand at the partition's end."""
        return [self.record(each.raw_headers, each.value, each.module, partition) for each in asks]

    def record(
        self, headers: Any, value: bytes | None, module: str = "reservations", partition: int = 0
    ) -> Record:
        shard = shard_of(module, partition)
        offset = self.offsets.get(shard, 0)
        self.offsets[shard] = offset + 1
        return Record(shard, offset, 1_700_000_000_000, b"k", value, headers)

    def apply(self, records: list[Record], module: str, *, expiring: bool = True) -> list[Flushed]:
        """One batch of one module, as its worker applies it."""
        numbers = sorted({record.shard for record in records} or {shard_of(module, 0)})
        with self.tx.transaction():
            shards.create(self.tx, numbers)
        batch = parse(records, ParseRules(module, "test", TENANT, SOURCES))
        rules = Rules(module, "test", TENANT, self.sent.extend)
        return apply_isolated(
            lambda part, *, expire, look_up: apply(
                self.tx,
                part,
                numbers,
                rules,
                Stages(module),
                expire=expire and expiring,
                look_up=look_up,
            ),
            batch,
            module,
            look_up=False,
        )

    def ask(self, *asks: Ask, partition: int = 0) -> list[Answered]:
        """Apply the asks of one module as one batch and return their answers, in their order."""
        flushed = self.apply(self.records(list(asks), partition), asks[0].module)
        answers = [answer for part in flushed for answer in _answers(part)]
        return [next(a for a in answers if _is_for(a, each)) for each in asks]

    def now(self) -> str:
        """The moment that it is for the ledger."""
        return stamp(now(self.tx))

    def proof(self) -> Report:
        """What `stockyard verify` says of it."""
        return verify.run(self.url, timedelta(days=30))

    def close(self) -> None:
        self.tx.close()


def _answers(flushed: Flushed) -> list[Answered]:
    own = [
        Answered(as_read(each), replayed=False)
        for each in flushed.records
        if each["kind"] == "command"
    ]
    others = [
        Answered(as_read(each.record), each.replayed)
        for each in (*flushed.answered, *flushed.answers)
    ]
    return own + others


def _is_for(answered: Answered, asked: Ask) -> bool:
    return answered.record["request_id"] == asked.headers["Request-Id"]


def as_read(record: dict[str, Any]) -> dict[str, Any]:
    """A record as whoever reads it back from JSON has it."""
    return orjson.loads(orjson.dumps(record))
