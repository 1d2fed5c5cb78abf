"""API keys: long-lived bearers for programs, looked up by their hash."""

import re
from time import monotonic
from typing import Final

from api.identity.claims import Caller
from api.identity.permissions import granted
from api.identity.remembered import Remembered
from api.identity.tokens import BadTokenError
from ledger.api_keys import PREFIX, hash_of
from ledger.views.api_keys import bearer
from ledger.views.pool import Pool

REMEMBERED_SECONDS: Final = 2.0
"""A key that is revoked is good for so long yet."""
_SHAPE: Final = re.compile(PREFIX.encode() + rb"[0-9A-Za-z_-]{43}")


def is_key(token: bytes) -> bool:
    """Whether it is meant as a key, and not as a token of the issuer."""
    return token.startswith(PREFIX.encode())


class ApiKeys:
    """The keys that were shown lately, by their hashes, and who they stand for."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known = Remembered(monotonic)

    async def caller(self, key: bytes) -> Caller:
        """Who the key stands for.

        Raises:
            BadTokenError: nobody, or nobody any more.
            psycopg.Error: the database is away.
        """
        if not _SHAPE.fullmatch(key):
            raise BadTokenError("no key")
        return await self._known.caller(hash_of(key), self._found)

    async def _found(self, named: bytes) -> tuple[Caller, float]:
        found = await bearer(self._pool, named)
        if found is None:
            raise BadTokenError("unknown, revoked or expired key")
        who = Caller(
            found.tenant_id,
            found.subject,
            f"{found.tenant_id}/{found.key_id}",
            granted(found.scopes),
            None if found.locations is None else frozenset(found.locations),
        )
        return who, min(REMEMBERED_SECONDS, found.seconds_left)
