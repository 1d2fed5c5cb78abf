"""How a process talks to Postgres: sessions whose every wait has a bound."""

from datetime import datetime
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
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

SILENCE_SECONDS: Final = 15.0
"""The server ends a statement at its bound and says so; who hears nothing for so long after that
bound is connected to nobody. Keepalives tell the same sooner, but not where something in between
(a proxy, a pooler) still answers for a server that does not."""

Got = TypeVar("Got")


class Session(psycopg.Connection[Any]):
    """A session that takes no answer for a lost connection."""

    statement_ms: int = STATEMENT_MS

    def wait(self, gen: PQGen[Got], interval: float = 0.1, timeout: float | None = None) -> Got:
        """As the library waits, but never for longer than a statement can take.

        Raises:
            psycopg.OperationalError: nothing was heard; the session is closed.
        """
        bound = self.statement_ms / 1000 + SILENCE_SECONDS
        try:
            return super().wait(gen, interval, timeout if timeout is not None else bound)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  # it has no public name
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer for {bound:.0f} s") from None


def allow(connection: Transaction, statement_ms: int) -> None:
    """Let the session's statements take so long."""
    connection.execute(f"SET statement_timeout = {statement_ms}".encode())
    if isinstance(connection, Session):
        connection.statement_ms = statement_ms


def connect(url: str, name: str, *, batches: bool = False) -> Transaction:
    """Open a session under an application name that says whose it is.

    `batches`: for sessions that only join arrays of keys to tables.

    Raises:
        psycopg.OperationalError: the server does not answer, or refuses.
    """
    options = f"{_BOUNDS} {_BATCH_PLANS}" if batches else _BOUNDS
    return Session.connect(
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
