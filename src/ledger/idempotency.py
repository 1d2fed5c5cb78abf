"""Table idempotency: which commands were applied, and where the result of each stands.

The table is partitioned by period; a whole period is dropped when it has aged out, which costs
the writers nothing. All writers insert into the same current period, or two of them could insert
one identity into two periods: the shared lock below holds the period still while they do.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Final, NamedTuple

from ledger.arrays import binaries, texts
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped

_PERIOD_LOCK: Final = 7_150_202
PERIODS_PER_RETENTION: Final = 3


class Applied(NamedTuple):
    """A command that was applied before: what it asked, and the journal row of its result."""

    fingerprint: bytes
    shard: int
    sequence: int


_HOLD: Final = """
SELECT current FROM idempotency_period, pg_advisory_xact_lock_shared(%s)
"""
_FIND: Final = """
SELECT i.identity, i.fingerprint, i.shard, i.sequence
FROM unnest(%s::text[], %s::bytea[]) AS asked(tenant_id, identity)
JOIN idempotency i USING (tenant_id, identity)
"""


def hold_period(tx: Transaction) -> int:
    """The period to insert into; it stays current until this transaction ends."""
    row = tx.execute(_HOLD, [_PERIOD_LOCK]).fetchone()
    if row is None:
        raise RuntimeError("the idempotency period is missing: the migration did not finish")
    current: int = row[0]
    return current


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
COPY idempotency (tenant_id, identity, period, fingerprint, shard, sequence, actor_id) FROM STDIN
"""


def row(  # noqa: PLR0913  # the columns
    tenant_id: str,
    identity: bytes,
    period: int,
    fingerprint: bytes,
    shard: int,
    sequence: int,
    actor_id: str,
) -> str:
    """One row as COPY takes it."""
    return (
        f"{tenant_id}\t\\\\x{identity.hex()}\t{period}\t\\\\x{fingerprint.hex()}"
        f"\t{shard}\t{sequence}\t{escaped(actor_id)}"
    )


def insert(tx: Transaction, rows: Iterable[str]) -> None:
    """Note commands as applied.

    Raises:
        psycopg.errors.UniqueViolation: another shard applied one of them in this moment.
    """
    copy_rows(tx, _COPY, rows)


_ROTATE: Final = """
UPDATE idempotency_period SET current = current + 1, since = now()
WHERE since < now() - %s RETURNING current
"""
_OLD: Final = """
SELECT child.relname, substring(child.relname FROM '[0-9]+$')::integer AS period
FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent = 'idempotency'::regclass
"""


def prune(tx: Transaction, retention: timedelta) -> int:
    """Open a new period when the current one is full, and drop those that have aged out.

    Keeps at least `retention`. Waits for the batches in hand and holds up the next ones for the
    moment of the change; call it outside any batch. Returns how many periods were dropped.
    """
    tx.execute("SELECT pg_advisory_xact_lock(%s)", [_PERIOD_LOCK])
    opened = tx.execute(_ROTATE, [retention / PERIODS_PER_RETENTION]).fetchone()
    if opened is None:
        return 0
    current = int(opened[0])
    tx.execute(f"CREATE TABLE idempotency_{current} PARTITION OF idempotency FOR VALUES IN ({current})")
    old = [
        name
        for name, period in tx.execute(_OLD)
        # The full periods before the current one cover the retention.
        if period < current - PERIODS_PER_RETENTION
    ]
    for name in old:
        tx.execute(f'DROP TABLE "{name}"')
    return len(old)
