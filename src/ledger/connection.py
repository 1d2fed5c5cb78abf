"""How a process talks to Postgres: sessions whose every wait has a bound."""

from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

Transaction = psycopg.Connection[Any]
"""A connection inside a transaction. Whoever is handed one never commits it."""

CONNECT_SECONDS: Final = 5
STATEMENT_MS: Final = 30_000
LOCK_MS: Final = 15_000
IDLE_IN_TRANSACTION_MS: Final = 20_000
"""A worker that freezes between two statements gives its locks up after this."""

# A batch joins a few thousand keys to tables of any size by their primary key. A plan made while
# a table was still empty would scan it for ever after; so nothing but the index is on offer.
_BATCH_PLANS: Final = (
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off "
    "-c enable_bitmapscan=off -c jit=off -c max_parallel_workers_per_gather=0"
)
_BOUNDS: Final = (
    f"-c statement_timeout={STATEMENT_MS} -c lock_timeout={LOCK_MS} "
    f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} -c timezone=UTC"
)
_KEEPALIVE: Final = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def connect(url: str, name: str, *, batches: bool = False) -> Transaction:
    """Open a session under an application name that says whose it is.

    `batches`: for sessions that only join arrays of keys to tables.

    Raises:
        psycopg.OperationalError: the server does not answer, or refuses.
    """
    options = f"{_BOUNDS} {_BATCH_PLANS}" if batches else _BOUNDS
    return psycopg.connect(
        make_conninfo(plain_url(url), application_name=name, options=options, **_KEEPALIVE)
    )


def now(tx: Transaction) -> datetime:
    """The database's time, the only one that anything is decided by."""
    row = tx.execute("SELECT clock_timestamp()").fetchone()
    if row is None:
        raise RuntimeError("clock_timestamp() returned no row")
    moment: datetime = row[0]
    return moment


def plain_url(url: str) -> str:
    """A URL that libpq reads, whichever driver its scheme names."""
    scheme, found, rest = url.partition("://")
    return f"postgresql://{rest}" if found and scheme.startswith("postgres") else url


def sqlalchemy_url(url: str) -> str:
    """The same URL as SQLAlchemy names it."""
    return plain_url(url).replace("postgresql://", "postgresql+psycopg://", 1)
