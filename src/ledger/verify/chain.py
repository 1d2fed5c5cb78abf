"""The hash chain: each journal row follows from the one before it, and the last is the segment's."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from ledger.connection import Transaction
from ledger.journal import EMPTY_CHAIN, Segment, link
from ledger.verify import told
from ledger.verify.report import NOTHING, Finding
from schemas.times import stamp

ROWS_PER_FETCH: Final = 2_000

_ROWS: Final = """
SELECT tenant_id, shard, sequence, recorded_at, record, hash FROM journal
ORDER BY tenant_id, shard, sequence
"""
_SEGMENTS: Final = "SELECT tenant_id, shard, rows, last_sequence, head FROM segment"


class _Row(NamedTuple):
    tenant_id: str
    shard: int
    sequence: int
    recorded_at: datetime
    record: str
    hash: bytes

    @property
    def key(self) -> str:
        return f"tenant {self.tenant_id} shard {self.shard} sequence {self.sequence}"


class _Walk:
    """A walk along all chains, one after the other; it remembers the first wrong row."""

    def __init__(self, ends: Iterable[tuple[Any, ...]]) -> None:
        self.rows = 0
        self.wrong: Finding | None = None
        self._ends = {(end[0], end[1]): Segment(*end) for end in ends}
        self._here = Segment("", 0)

    def step(self, row: _Row) -> dict[str, Any] | None:
        """Look at the next row, and return its record if it is the one that was written.

        Its hash is made here and not by the database, which shall not vouch for itself; from the
        stored hash of the row before it, so that only a guilty row is found wrong.
        """
        here = self._segment_of(row)
        raw, stored = row.record.encode(), bytes(row.hash)
        expected = link(here.head, raw)
        here.rows, here.last_sequence, here.head = here.rows + 1, row.sequence, stored
        self.rows += 1
        if expected != stored:
            self._note(
                Finding("journal", row.key, f"hash {expected.hex()}", f"hash {stored.hex()}")
            )
            return None
        record: dict[str, Any] = orjson.loads(raw)
        stands = (row.tenant_id, row.shard, row.sequence, stamp(row.recorded_at))
        says = (record["tenant_id"], record["shard"], record["sequence"], record["at"])
        if stands != says:
            self._note(Finding("journal", row.key, f"as its record says, {says}", f"{stands}"))
        return record

    def end(self) -> None:
        """Compare the last chain, and name a segment of which not one row is left."""
        self._leave()
        for end in self._ends.values():
            self._note(Finding("segment", _key(end), NOTHING, _end(end)))

    def _segment_of(self, row: _Row) -> Segment:
        if (self._here.tenant_id, self._here.shard) != (row.tenant_id, row.shard):
            self._leave()
            self._here = Segment(row.tenant_id, row.shard, head=EMPTY_CHAIN)
        return self._here

    def _leave(self) -> None:
        """The chain's end is the one that its segment keeps, or rows are missing behind it."""
        kept = self._ends.pop((self._here.tenant_id, self._here.shard), None)
        if self._here.rows and kept != self._here:
            found = _end(kept) if kept else NOTHING
            self._note(Finding("segment", _key(self._here), _end(self._here), found))

    def _note(self, wrong: Finding) -> None:
        self.wrong = self.wrong or wrong


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Walk the whole journal; what its records tell is laid out for the checks that follow."""
    walk = _Walk(tx.execute(_SEGMENTS))
    for rows in _fetched(tx):
        part = told.Told()
        for row in rows:
            record = walk.step(row)
            if record is not None:
                part.take(record)
        part.write(tx)
    told.finish(tx)
    walk.end()
    return walk.rows, walk.wrong


def _fetched(tx: Transaction) -> Iterator[list[_Row]]:
    with tx.cursor(name="verify_chain", binary=True) as cursor:
        cursor.execute(_ROWS)
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield [_Row(*row) for row in rows]


def _key(end: Segment) -> str:
    return f"tenant {end.tenant_id} shard {end.shard}"


def _end(end: Segment) -> str:
    return f"{end.rows} rows, the last {end.last_sequence}, head {bytes(end.head).hex()}"
