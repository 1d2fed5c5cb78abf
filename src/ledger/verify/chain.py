"""The hash chain: each journal row follows from the one before it, and the last is the segment's."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from ledger.connection import Transaction
from ledger.journal import Segment, link
from ledger.verify import point, told
from ledger.verify.point import Chains
from ledger.verify.progress import Progress
from ledger.verify.report import NOTHING, Finding
from schemas.times import stamp

ROWS_PER_FETCH: Final = 2_000

_COLUMNS: Final = "tenant_id, shard, sequence, recorded_at, record, hash"
_ROWS: Final = f"""
SELECT {_COLUMNS} FROM journal ORDER BY tenant_id, shard, sequence
"""  # noqa: S608  # no part of it comes from outside
_BEHIND: Final = f"""
SELECT {_COLUMNS} FROM journal WHERE tenant_id = %s AND shard = %s AND sequence > %s
ORDER BY tenant_id, shard, sequence
"""  # noqa: S608  # our own words
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

    def __init__(self, beginnings: Chains, ends: Chains) -> None:
        self.rows = 0
        self.wrong: Finding | None = None
        self._beginnings = dict(beginnings)
        self._ends = dict(ends)
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
        """Compare the last chain, and those of which not one row was met: they stand still."""
        self._leave()
        for place in sorted(self._ends.keys() | self._beginnings.keys()):
            stood, stands = self._beginnings.get(place), self._ends.get(place)
            if stood != stands:
                self._note(Finding("segment", _key(*place), _end(stood), _end(stands)))

    def _segment_of(self, row: _Row) -> Segment:
        place = (row.tenant_id, row.shard)
        if (self._here.tenant_id, self._here.shard) != place:
            self._leave()
            stood = self._beginnings.pop(place, None)
            self._here = replace(stood) if stood else Segment(*place)
        return self._here

    def _leave(self) -> None:
        """The chain's end is the one that its segment keeps, or rows are missing behind it."""
        place = (self._here.tenant_id, self._here.shard)
        kept = self._ends.pop(place, None)
        if self._here.rows and kept != self._here:
            self._note(Finding("segment", _key(*place), _end(self._here), _end(kept)))

    def _note(self, wrong: Finding) -> None:
        self.wrong = self.wrong or wrong


def check(tx: Transaction, progress: Progress, *, full: bool) -> tuple[int, Finding | None]:
    """Walk the journal behind the point; what its records tell is laid out for other checks."""
    beginnings, ends = point.beginnings(tx), segments(tx)
    walk = _Walk(beginnings, ends)
    progress.expect(_rows(ends) - _rows(beginnings))
    for rows in _fetched(tx) if full else _fetched_behind(tx, beginnings, ends):
        part = told.Told()
        for row in rows:
            record = walk.step(row)
            if record is None:
                part.take_place(row.tenant_id, row.shard, row.sequence)
            else:
                part.take(record)
        part.write(tx)
        progress.came_by(len(rows))
    walk.end()
    return walk.rows, walk.wrong


def segments(tx: Transaction) -> Chains:
    """The end of each chain, as the ledger keeps it."""
    rows = tx.execute(_SEGMENTS.encode())
    return {(end[0], end[1]): Segment(*end) for end in rows}


def digest(ends: Chains) -> str:
    """One hash of the whole journal, from the end of each chain: equal only for equal histories."""
    lines = (
        f"{tenant_id}\t{shard}\t{end.rows}\t{end.last_sequence}\t{end.head.hex()}\n"
        for (tenant_id, shard), end in sorted(ends.items())
    )
    return sha256("".join(lines).encode()).hexdigest()


def _fetched(tx: Transaction) -> Iterator[list[_Row]]:
    with tx.cursor(name="verify_chain", binary=True) as cursor:
        cursor.execute(_ROWS)
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield [_Row(*row) for row in rows]


def _fetched_behind(tx: Transaction, beginnings: Chains, ends: Chains) -> Iterator[list[_Row]]:
    """By the primary key, chain after chain: what lies before the point is not read at all."""
    tx.execute(b"SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    for place in sorted(beginnings.keys() | ends.keys()):
        stood = beginnings.get(place)
        with tx.cursor(name="verify_chain", binary=True) as cursor:
            cursor.execute(_BEHIND, [*place, stood.last_sequence if stood else 0])
            while rows := cursor.fetchmany(ROWS_PER_FETCH):
                yield [_Row(*row) for row in rows]
    tx.execute(b"SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on")


def _rows(chains: Chains) -> int:
    return sum(each.rows for each in chains.values())


def _key(tenant_id: str, shard: int) -> str:
    return f"tenant {tenant_id} shard {shard}"


def _end(end: Segment | None) -> str:
    return (
        f"{end.rows} rows, the last {end.last_sequence}, head {end.head.hex()}" if end else NOTHING
    )
