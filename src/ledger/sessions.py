"""Table `stockyard_access.session`: who is signed in with a browser, by the hash of what it shows.

The one thing that an edge writes. Its sessions with the database are read-only, but for this.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString, NamedTuple

from ledger.views.pool import Pool, rows


class SignedIn(NamedTuple):
    """Who that is, what they may, and for how many seconds yet."""

    tenant_id: str
    subject: str
    permissions: Sequence[str]
    locations: Sequence[str] | None
    seconds_left: float


_SWEEP: Final = "DELETE FROM stockyard_access.session WHERE expires_at < now()"
_BEGIN: Final = """
INSERT INTO stockyard_access.session
    (session_hash, tenant_id, subject, permissions, locations, expires_at)
VALUES (%s, %s, %s, %s, %s, now() + make_interval(secs => %s))
"""


async def begin(pool: Pool, session_hash: bytes, who: SignedIn) -> None:
    """Keep a new session, and forget those that are over.

    Raises:
        psycopg.Error: the database is away.
    """
    permissions = list(who.permissions)
    locations = None if who.locations is None else list(who.locations)
    values = [session_hash, who.tenant_id, who.subject, permissions, locations, who.seconds_left]
    await _write(pool, (_SWEEP, []), (_BEGIN, values))


_END: Final = "DELETE FROM stockyard_access.session WHERE session_hash = %s"


async def end(pool: Pool, session_hash: bytes) -> None:
    """Forget a session.

    Raises:
        psycopg.Error: the database is away.
    """
    await _write(pool, (_END, [session_hash]))


_FIND: Final = """
SELECT tenant_id, subject, permissions, locations, extract(epoch FROM expires_at - now())::float8
FROM stockyard_access.session WHERE session_hash = %(session_hash)s AND expires_at > now()
"""


async def find(pool: Pool, session_hash: bytes) -> SignedIn | None:
    """Who is signed in by that; None if nobody is any more.

    Raises:
        psycopg.Error: the database is away.
    """
    found = await rows(pool, _FIND, {"session_hash": session_hash})
    return SignedIn(*found[0]) if found else None


async def _write(pool: Pool, *statements: tuple[LiteralString, list[Any]]) -> None:
    async with pool.connection() as session, session.transaction():
        await session.execute("SET TRANSACTION READ WRITE")
        for statement, values in statements:
            await session.execute(statement, values)
