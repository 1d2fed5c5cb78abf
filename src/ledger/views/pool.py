"""The edge's sessions with the read tables: a few, shared, read-only, every wait bounded."""

from typing import Any, Final, LiteralString

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from ledger.connection import CONNECT_SECONDS, plain_url

SESSIONS_MIN: Final = 2
SESSIONS_MAX: Final = 8
WAITING_MAX: Final = 1000
SESSION_SECONDS: Final = 3.0
"""How long a reader waits for a session before it is told that the database is away."""
STATEMENT_MS: Final = 5_000

_OPTIONS: Final = (
    f"-c statement_timeout={STATEMENT_MS} -c default_transaction_read_only=on "
    "-c timezone=UTC -c jit=off"
)
_KEEPALIVE: Final = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
}

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


def conninfo(url: str, name: str) -> str:
    """The URL with our bounds, under an application name that says whose session it is."""
    return make_conninfo(plain_url(url), application_name=name, options=_OPTIONS, **_KEEPALIVE)


def read_pool(url: str) -> Pool:
    """A pool that is not open yet; opened, it connects by itself, now or when the server is back.

    Statements are prepared at their first use, so a pooler between must keep sessions.
    """
    return AsyncConnectionPool(
        conninfo(url, "stockyard edge"),
        kwargs={"autocommit": True, "prepare_threshold": 0},
        min_size=SESSIONS_MIN,
        max_size=SESSIONS_MAX,
        max_waiting=WAITING_MAX,
        timeout=SESSION_SECONDS,
        reconnect_timeout=0,
        num_workers=1,
        open=False,
    )


async def rows(
    pool: Pool, query: LiteralString, values: dict[str, Any] | list[Any]
) -> list[TupleRow]:
    """What a query finds.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    async with pool.connection() as session:
        return await (await session.execute(query, values)).fetchall()
