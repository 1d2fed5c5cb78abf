"""Table idempotency: which commands were applied, and where the result of each stands.

Its primary key is what keeps a command from being applied twice. Most batches hold nothing but
new commands, so a batch inserts without having looked; only after a violation is it looked for.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Final, NamedTuple

from ledger.arrays import binaries, texts
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped


class Applied(NamedTuple):
    """A command that was applied before: what it asked, and the journal row of its result."""

    fingerprint: bytes
    shard: int
    sequence: int


_FIND: Final = """
SELECT i.identity, i.fingerprint, i.shard, i.sequence
FROM unnest(%s::text[], %s::bytea[]) AS asked(tenant_id, identity)
JOIN idempotency i USING (tenant_id, identity)
"""


def find(tx: Transaction, identities: Collection[tuple[str, bytes]]) -> dict[bytes, Applied]:
    """Those of the (tenant, identity) pairs that were applied before."""
    if not identities:
        return {}
    with tx.cursor(binary=True) as cursor:
        cursor.execute(
            _FIND,
            [
                texts(tenant_id for tenant_id, _ in identities),
                binaries(identity for _, identity in identities),
            ],
        )
        return {
            identity: Applied(fingerprint, shard, sequence)
            for identity, fingerprint, shard, sequence in cursor
        }


_COPY: Final = """
COPY idempotency (identity, tenant_id, fingerprint, shard, sequence, actor_id, applied_at)
FROM STDIN
"""


def row(
    identity: bytes,
    tenant_id: str,
    fingerprint: bytes,
    shard: int,
    sequence: int,
    actor_id: str,
    applied_at: str,
) -> str:
    """One row as COPY takes it."""
    return (
        f"\\\\x{identity.hex()}\t{tenant_id}\t\\\\x{fingerprint.hex()}"
        f"\t{shard}\t{sequence}\t{escaped(actor_id)}\t{applied_at}"
    )


def insert(tx: Transaction, rows: Iterable[str]) -> None:
    """Note commands as applied, in the order of their identities: that is how the index lies.

    Raises:
        psycopg.errors.UniqueViolation: one of them was applied before, or is in this moment.
    """
    copy_rows(tx, _COPY, sorted(rows))


_PAGES: Final = """
SELECT pg_relation_size('idempotency') / current_setting('block_size')::integer
"""
_SWEEP: Final = """
DELETE FROM idempotency WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM idempotency
    WHERE ctid >= format('(%%s,0)', %(from)s::bigint)::tid
        AND ctid < format('(%%s,0)', %(to)s::bigint)::tid
        AND applied_at < now() - %(retention)s
))
"""


def sweep(tx: Transaction, from_page: int, pages: int, retention: timedelta) -> tuple[int, int]:
    """Delete what has aged out of some pages of the table, as a clock's hand goes round.

    It reads those pages only, however large the table, and holds no lock that a writer waits
    for. Returns how many rows went, and the page to go on from: 0 after the last.
    """
    last = tx.execute(_PAGES).fetchone()
    if last is None or from_page >= last[0]:
        return 0, 0
    to_page = from_page + pages
    done = tx.execute(_SWEEP, {"from": from_page, "to": to_page, "retention": retention})
    return done.rowcount, to_page
