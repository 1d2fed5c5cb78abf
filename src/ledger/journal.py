"""Tables journal and segment: every outcome, in order, chained by hash per tenant and shard.

The journal is the outbox: results and events are made from its rows (producers.messages), now or
after a crash, and come out the same to the byte.
"""

from binascii import hexlify
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from ledger.connection import Transaction
from ledger.copy import copy_chunks

EMPTY_CHAIN: Final = bytes(32)


@dataclass(slots=True)
class Segment:
    """The end of one chain: a tenant's rows in one shard."""

    tenant_id: str
    shard: int
    rows: int = 0
    last_sequence: int = 0
    head: bytes = EMPTY_CHAIN

    def link(self, sequence: int, record: bytes) -> bytes:
        """Put a record at the end of the chain and return its hash."""
        self.rows += 1
        self.last_sequence = sequence
        self.head = link(self.head, record)
        return self.head


def link(before: bytes, record: bytes) -> bytes:
    """The hash of a row: over the hash of the row before it, and its own record."""
    return sha256(before + record).digest()


_COPY: Final = "COPY journal (tenant_id, shard, sequence, recorded_at, record, hash) FROM STDIN"


def row(
    tenant_id: str, shard: int, sequence: int, recorded_at: str, record: bytes, hashed: bytes
) -> bytes:
    """One row as COPY takes it. In compact JSON only the backslash means something to COPY."""
    key = f"{tenant_id}\t{shard}\t{sequence}\t{recorded_at}\t".encode()
    kept = record.replace(b"\\", b"\\\\") if b"\\" in record else record
    return b"%b%b\t\\\\x%b" % (key, kept, hexlify(hashed))


def append(tx: Transaction, rows: Iterable[bytes]) -> None:
    """Add rows to the journal."""
    copy_chunks(tx, _COPY, rows)


_HEADS: Final = """
SELECT tenant_id, shard, rows, last_sequence, head
FROM segment WHERE tenant_id = ANY(%s) AND shard = ANY(%s)
"""


def segments(
    tx: Transaction, tenants: Collection[str], shards: Collection[int]
) -> dict[tuple[str, int], Segment]:
    """The ends of the tenants' chains; empty ones for those that have none yet."""
    found = {
        (tenant_id, shard): Segment(tenant_id, shard) for tenant_id in tenants for shard in shards
    }
    for tenant_id, shard, rows, last, head in tx.execute(_HEADS, [list(tenants), list(shards)]):
        found[tenant_id, shard] = Segment(tenant_id, shard, rows, last, bytes(head))
    return found


_SAVE_HEADS: Final = """
INSERT INTO segment (tenant_id, shard, rows, last_sequence, head)
SELECT * FROM unnest(%s::text[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bytea[])
ON CONFLICT (tenant_id, shard) DO UPDATE
SET rows = excluded.rows, last_sequence = excluded.last_sequence, head = excluded.head
"""


def save_segments(tx: Transaction, ends: Collection[Segment]) -> None:
    """Store the new ends of the chains; the lock on their shards keeps others away."""
    rows = [end for end in ends if end.rows]
    tx.execute(
        _SAVE_HEADS,
        [
            [end.tenant_id for end in rows],
            [end.shard for end in rows],
            [end.rows for end in rows],
            [end.last_sequence for end in rows],
            [end.head for end in rows],
        ],
    )


class Row(NamedTuple):
    """A journal row, as the relay reads it back."""

    tenant_id: str
    shard: int
    sequence: int
    record: bytes


_AFTER: Final = """
SELECT j.tenant_id, j.shard, j.sequence, j.record
FROM segment s CROSS JOIN LATERAL (
    SELECT * FROM journal j
    WHERE j.tenant_id = s.tenant_id AND j.shard = s.shard AND j.sequence > %(after)s
    ORDER BY j.sequence LIMIT %(limit)s
) j
WHERE s.shard = %(shard)s AND s.last_sequence > %(after)s
ORDER BY j.sequence LIMIT %(limit)s
"""


def after(tx: Transaction, shard: int, sequence: int, limit: int) -> list[Row]:
    """The shard's rows behind a sequence, of all tenants, in their order."""
    rows = tx.execute(_AFTER, {"shard": shard, "after": sequence, "limit": limit})
    return [Row(tenant, of_shard, at, record.encode()) for tenant, of_shard, at, record in rows]


_AT: Final = """
SELECT j.tenant_id, j.shard, j.sequence, j.record
FROM unnest(%s::text[], %s::smallint[], %s::bigint[]) AS at(tenant_id, shard, sequence)
JOIN journal j USING (tenant_id, shard, sequence)
"""


def at(
    tx: Transaction, places: Collection[tuple[str, int, int]]
) -> dict[tuple[str, int, int], bytes]:
    """The records at (tenant, shard, sequence)."""
    columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
    return {
        (tenant_id, shard, sequence): record.encode()
        for tenant_id, shard, sequence, record in tx.execute(_AT, columns)
    }
