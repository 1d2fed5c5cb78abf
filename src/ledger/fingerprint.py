"""The ledger's hash: one number that two ledgers share only when they hold the same.

It is the SHA-256 over lines of compact JSON, each with a newline behind it, in this order:

    ["segment", tenant, shard, rows, last sequence, head as hex]      by tenant, shard
    ["balance", tenant, sku, location, lot, on hand, reserved, held, incoming, version]
                                                                      by tenant, sku, location, lot

Texts are ordered by their bytes; quantities are written without trailing zeros. The heads cover
all of history (`journal`), the balances what the ledger answers with.

A ledger that has gone on since can be asked for its hash at an earlier point: the heads stand in
its journal, and so does the last level of each balance up to there.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import zip_longest
from typing import Any, Final, NamedTuple

import orjson

from ledger.connection import Transaction
from ledger.journal import Segment

ROWS_PER_FETCH: Final = 5_000

Line = tuple[Any, ...]


class Point(NamedTuple):
    """A moment of a ledger: where each of its segments ended, in their order."""

    ends: tuple[Segment, ...]

    @property
    def rows(self) -> int:
        """How many journal rows there were."""
        return sum(end.rows for end in self.ends)


_ENDS: Final = """
SELECT tenant_id, shard, rows, last_sequence, head FROM segment ORDER BY tenant_id COLLATE "C", shard
"""


def point(tx: Transaction) -> Point:
    """The moment that this snapshot shows."""
    return Point(tuple(_segment(*row) for row in tx.execute(_ENDS)))


def _segment(tenant_id: str, shard: int, rows: int, last: int, head: bytes | None) -> Segment:
    return Segment(tenant_id, shard, rows, last, bytes(head or b""))


_REACHED: Final = """
SELECT e.tenant_id, e.shard,
    (SELECT count(*) FROM journal j WHERE (j.tenant_id, j.shard) = (e.tenant_id, e.shard)
        AND j.sequence <= e.sequence),
    e.sequence,
    (SELECT hash FROM journal j WHERE (j.tenant_id, j.shard, j.sequence)
        = (e.tenant_id, e.shard, e.sequence))
FROM unnest(%s::text[], %s::smallint[], %s::bigint[]) AS e(tenant_id, shard, sequence)
ORDER BY e.tenant_id COLLATE "C", e.shard
"""


def reached(tx: Transaction, at: Point) -> Point:
    """The same segments as the journal has them, each up to the point's last sequence.

    It equals the point if and only if this ledger once stood there: a chain's head is a hash over
    all rows before it.
    """
    ends = at.ends
    columns = [
        [e.tenant_id for e in ends],
        [e.shard for e in ends],
        [e.last_sequence for e in ends],
    ]
    found = tx.execute(_REACHED, columns)
    return Point(tuple(_segment(*row) for row in found))


_BALANCES: Final = """
SELECT tenant_id, sku, location, lot, trim_scale(on_hand)::text, trim_scale(reserved)::text,
    trim_scale(held)::text, trim_scale(incoming)::text, version
FROM balance
ORDER BY tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C", lot COLLATE "C"
"""
# The level records among the rows up to the point; of each level, the last.
_LEVELS: Final = """
SELECT tenant_id, sku, location, lot, on_hand, reserved, held, incoming, version FROM (
    SELECT DISTINCT ON (j.tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C", lot COLLATE "C")
        j.tenant_id, sku, location, lot, trim_scale(on_hand::numeric)::text AS on_hand,
        trim_scale(reserved::numeric)::text AS reserved, trim_scale(held::numeric)::text AS held,
        trim_scale(incoming::numeric)::text AS incoming, version
    FROM unnest(%s::text[], %s::smallint[], %s::bigint[]) AS e(tenant_id, shard, sequence)
    JOIN journal j ON j.tenant_id = e.tenant_id AND j.shard = e.shard AND j.sequence <= e.sequence
        AND starts_with(j.record, '{"kind":"levels"')
    CROSS JOIN LATERAL jsonb_array_elements(j.record::jsonb -> 'levels') AS told
    CROSS JOIN LATERAL (SELECT told -> 2 AS level, (told ->> 1)::bigint AS version) AS part
    CROSS JOIN LATERAL (SELECT level ->> 'sku' AS sku, level ->> 'location' AS location,
        coalesce(level ->> 'lot', '') AS lot, level ->> 'on_hand' AS on_hand,
        level ->> 'reserved' AS reserved, level ->> 'held' AS held,
        level ->> 'incoming' AS incoming) AS state
    ORDER BY j.tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C", lot COLLATE "C",
        version DESC
) AS last
ORDER BY tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C", lot COLLATE "C"
"""


def balances(tx: Transaction) -> Iterator[Line]:
    """The balances as this snapshot has them."""
    return _fetched(tx, "fingerprint_balances", _BALANCES, [])


def balances_at(tx: Transaction, at: Point) -> Iterator[Line]:
    """The balances as they were at a point that this ledger has passed."""
    ends = at.ends
    columns = [
        [e.tenant_id for e in ends],
        [e.shard for e in ends],
        [e.last_sequence for e in ends],
    ]
    return _fetched(tx, "fingerprint_levels", _LEVELS, columns)


def _fetched(
    tx: Transaction, name: str, statement: str, values: Sequence[object]
) -> Iterator[Line]:
    with tx.cursor(name=name) as cursor:
        cursor.execute(statement.encode(), values)
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield from rows


class Fingerprint(NamedTuple):
    """The ledger's hash at a point, and what it went over."""

    hash: str
    at: Point
    balances: int


def fingerprint(at: Point, lines: Iterable[Line]) -> Fingerprint:
    """The hash over a point's segments and its balances. Pure."""
    total, count = sha256(), 0
    for end in at.ends:
        line = ("segment", end.tenant_id, end.shard, end.rows, end.last_sequence, end.head.hex())
        total.update(orjson.dumps(line) + b"\n")
    for balance in lines:
        total.update(orjson.dumps(("balance", *balance)) + b"\n")
        count += 1
    return Fingerprint(total.hexdigest(), at, count)


def here(tx: Transaction) -> Fingerprint:
    """The ledger's hash in this snapshot. Needs a transaction of repeatable reads."""
    return fingerprint(point(tx), balances(tx))


def once(tx: Transaction, at: Point) -> Fingerprint:
    """The hash that this ledger had at a point, or would have had there if it never stood there."""
    return fingerprint(reached(tx, at), balances_at(tx, at))


def difference(
    restored: tuple[Point, Iterable[Line]], original: tuple[Point, Iterable[Line]]
) -> str | None:
    """The first thing in which two ledgers differ, in words; none when they are alike. Pure."""
    for one, other in zip_longest(restored[0].ends, original[0].ends):
        if one != other:
            return f"segment: restored {_told(one)}, original {_told(other)}"
    for left, right in zip_longest(restored[1], original[1]):
        if left != right:
            return f"balance: restored {left}, original {right}"
    return None


def _told(end: Segment | None) -> str:
    if end is None:
        return "has none"
    head = end.head.hex()[:16] or "no row"
    return (
        f"tenant {end.tenant_id} shard {end.shard} has {end.rows} rows up to {end.last_sequence}, "
        f"head {head}"
    )
