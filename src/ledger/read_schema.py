"""The schema of the read tables: the one that serves, and the one that a rebuild makes beside it."""

from typing import Final

from ledger.connection import Transaction
from ledger.migrate import READ_SCHEMA, migrate_read

NEXT_SCHEMA: Final = f"{READ_SCHEMA}_next"
OLD_SCHEMA: Final = f"{READ_SCHEMA}_old"
_REBUILD: Final = 7_150_202  # any number that nobody else of this database takes

_CLAIM: Final = "SELECT pg_try_advisory_lock(%s)"


def claim(session: Transaction) -> bool:
    """Claim the right to rebuild until the session ends; false when another has it."""
    row = session.execute(_CLAIM, [_REBUILD]).fetchone()
    return bool(row and row[0])


_DROP_NEXT: Final = f"DROP SCHEMA IF EXISTS {NEXT_SCHEMA} CASCADE"
_DROP_OLD: Final = f"DROP SCHEMA IF EXISTS {OLD_SCHEMA} CASCADE"


def drop_next(session: Transaction) -> None:
    """Throw away the tables that an unfinished rebuild made."""
    session.execute(_DROP_NEXT)


def drop_old(session: Transaction) -> None:
    """Throw away the tables that served before the last swap.

    Raises:
        psycopg.errors.LockNotAvailable: somebody still reads them.
    """
    session.execute(_DROP_OLD)


def make_next(url: str) -> None:
    """Make empty tables beside those that serve."""
    migrate_read(url, NEXT_SCHEMA)


_HOLD: Final = f"LOCK TABLE {READ_SCHEMA}.progress IN EXCLUSIVE MODE"


def hold(tx: Transaction) -> None:
    """Keep every projector waiting until the transaction ends; readers are not kept.

    Raises:
        psycopg.errors.LockNotAvailable: a projector did not come to the end of its batch.
    """
    tx.execute(_HOLD)


_AWAY: Final = f"ALTER SCHEMA {READ_SCHEMA} RENAME TO {OLD_SCHEMA}"
_IN: Final = f"ALTER SCHEMA {NEXT_SCHEMA} RENAME TO {READ_SCHEMA}"


def swap(tx: Transaction) -> None:
    """Let the new tables serve from the end of this transaction on."""
    tx.execute(_AWAY)
    tx.execute(_IN)
