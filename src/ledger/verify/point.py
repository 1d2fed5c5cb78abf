"""Tables verified_segment and verified_level: the point up to which the ledger was proved.

A proof begins at a point: an incremental one at the last that was kept, a full one at the empty
point, before the first row. What lies behind the point is compared the same way by both.
"""

from datetime import datetime
from typing import Final

from ledger.connection import Transaction
from ledger.journal import Segment
from ledger.verify.report import Finding, count, first

Chains = dict[tuple[str, int], Segment]
"""An end of each chain, by tenant and shard."""

_LOCK: Final = (
    "SELECT pg_advisory_lock(7150202)"  # any number that nobody else of this database takes
)


def lock(tx: Transaction) -> None:
    """Let nobody else keep a point until this session ends.

    Raises:
        psycopg.errors.LockNotAvailable: another proof that keeps its point is under way.
    """
    tx.execute(_LOCK.encode())


_SINCE: Final = """
CREATE TEMP VIEW since_segment AS SELECT * FROM verified_segment WHERE {at};
CREATE TEMP VIEW since_level AS SELECT * FROM verified_level WHERE {at};
"""
_ALL: Final = """
CREATE TEMP VIEW fresh_movement AS SELECT * FROM movement;
CREATE TEMP VIEW fresh_reservation AS SELECT * FROM reservation;
"""
_BEHIND: Final = """
CREATE TEMP TABLE fresh_movement (LIKE movement);
CREATE TEMP TABLE fresh_reservation (LIKE reservation);
"""


def create(tx: Transaction, *, full: bool) -> None:
    """Name where this session's proof begins, and what of the tables it looks at."""
    tx.execute(_SINCE.format(at="false" if full else "true").encode())
    tx.execute((_ALL if full else _BEHIND).encode())


def known(tx: Transaction) -> bool:
    """Whether there is a point to begin at."""
    return count(tx, "verified_segment") > 0


_AT: Final = "SELECT max(verified_at) FROM since_segment"


def began_at(tx: Transaction) -> datetime | None:
    """When the point was proved at which this proof begins; none for the empty one."""
    row = tx.execute(_AT.encode()).fetchone()
    return row[0] if row else None


_BEGINNINGS: Final = "SELECT tenant_id, shard, rows, last_sequence, head FROM since_segment"


def beginnings(tx: Transaction) -> Chains:
    """Where each chain stood at the point."""
    rows = tx.execute(_BEGINNINGS.encode())
    return {(end[0], end[1]): Segment(*end) for end in rows}


# One row a shard: its tenants' chains share the partition's offsets.
_SEED: Final = """
INSERT INTO told_row (tenant_id, shard, sequence, read_offset, incarnation)
SELECT DISTINCT ON (shard) tenant_id, shard, max(last_sequence) OVER (PARTITION BY shard),
    last_offset, incarnation
FROM since_segment ORDER BY shard, incarnation DESC, last_offset DESC NULLS LAST
"""
# By the primary key, segment after segment: what lies before the point is not read at all.
_MOVEMENTS: Final = """
INSERT INTO fresh_movement
SELECT m.* FROM segment s LEFT JOIN since_segment v USING (tenant_id, shard)
CROSS JOIN LATERAL (
    SELECT * FROM movement m WHERE m.tenant_id = s.tenant_id AND m.shard = s.shard
        AND m.sequence > coalesce(v.last_sequence, 0) OFFSET 0
) m
"""
_RESERVATIONS: Final = """
INSERT INTO fresh_reservation
SELECT r.* FROM (SELECT DISTINCT tenant_id, reservation_id FROM told_reservation) t
JOIN reservation r USING (tenant_id, reservation_id)
"""


def seed(tx: Transaction) -> None:
    """Put the point's numbers before those that the journal behind it tells."""
    tx.execute(_SEED.encode())


def gather(tx: Transaction) -> None:
    """Copy the movements behind the point, and the reservations that the journal tells of there."""
    tx.execute(b"SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    tx.execute(_MOVEMENTS.encode())
    tx.execute(_RESERVATIONS.encode())
    tx.execute(b"SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on")
    tx.execute(b"ANALYZE fresh_movement")
    tx.execute(b"ANALYZE fresh_reservation")


_MOVED: Final = """
SELECT format('tenant %s shard %s sequence %s', v.tenant_id, v.shard, v.last_sequence),
    'hash ' || encode(v.head, 'hex') || ', as it was when last proved',
    'hash ' || encode(j.hash, 'hex')
FROM verified_segment v LEFT JOIN LATERAL (
    SELECT hash FROM journal j WHERE j.tenant_id = v.tenant_id AND j.shard = v.shard
        AND j.sequence = v.last_sequence OFFSET 0
) j ON true
WHERE j.hash IS DISTINCT FROM v.head ORDER BY v.tenant_id, v.shard LIMIT 1
"""


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """The row at which each chain was last found right is still the same.

    Its hash stands for all rows before it: a history that was written anew, hashes and all, ends
    in another one.
    """
    return count(tx, "verified_segment"), first(tx, "journal", _MOVED)


_KEEP: Final = """
INSERT INTO verified_segment AS v (tenant_id, shard, rows, last_sequence, head, last_offset,
    incarnation, verified_at)
SELECT s.tenant_id, s.shard, s.rows, s.last_sequence, s.head, t.read_offset,
    coalesce(t.incarnation, 0), statement_timestamp()
FROM segment s LEFT JOIN (
    SELECT DISTINCT ON (tenant_id, shard) tenant_id, shard, read_offset, incarnation FROM told_row
    WHERE read_offset IS NOT NULL ORDER BY tenant_id, shard, incarnation DESC, read_offset DESC
) t USING (tenant_id, shard)
ON CONFLICT (tenant_id, shard) DO UPDATE
SET rows = excluded.rows, last_sequence = excluded.last_sequence, head = excluded.head,
    last_offset = coalesce(excluded.last_offset, v.last_offset),
    incarnation = CASE WHEN excluded.last_offset IS NULL THEN v.incarnation
        ELSE excluded.incarnation END,
    verified_at = excluded.verified_at
"""
_KEEP_LEVELS: Final = """
INSERT INTO verified_level (tenant_id, sku, location, lot, on_hand, reserved, held, incoming,
    version)
SELECT b.tenant_id, b.sku, b.location, b.lot, b.on_hand, b.reserved, b.held, b.incoming,
    b.version
FROM balance b LEFT JOIN verified_level v USING (tenant_id, sku, location, lot)
WHERE v.version IS DISTINCT FROM b.version
ON CONFLICT (tenant_id, sku, location, lot) DO UPDATE
SET on_hand = excluded.on_hand, reserved = excluded.reserved, held = excluded.held,
    incoming = excluded.incoming, version = excluded.version
"""


def keep(tx: Transaction) -> None:
    """Note the end of what this snapshot holds as proved. Only when nothing was found wrong."""
    tx.execute(_KEEP.encode())
    tx.execute(_KEEP_LEVELS.encode())
