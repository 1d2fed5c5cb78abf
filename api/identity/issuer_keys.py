"""The issuer's public keys, from its JWKS: kept, fetched again as they age or an unknown one is named."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx2
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from schemas.settings import Settings

log = structlog.get_logger()

OLD_SECONDS: Final = 300.0
"""A key that the issuer has withdrawn is trusted for about so long."""
AGAIN_SECONDS: Final = 5.0
"""However many unknown keys are named, the issuer is asked no more often than this."""
FETCH_SECONDS: Final = 3.0
BYTES_MAX: Final = 1_000_000
RSA_BITS_MIN: Final = 2048
KINDS: Final = {("RSA", None), ("EC", "P-256"), ("OKP", "Ed25519")}
"""The kinds of key that RS256, ES256 and EdDSA sign with."""


class UnknownKeyError(Exception):
    """The issuer has no such key."""


class KeysAwayError(Exception):
    """The issuer's keys cannot be had now."""


class IssuerKeys:
    """The keys by their ids. One fetch at a time, however many ask."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[str | None, Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failed = False
        self._fetch: asyncio.Task[None] | None = None

    async def named(self, key_id: str | None) -> Key:
        """The key of that id; without one, the only key that there is.

        Raises:
            UnknownKeyError: the issuer has none.
            KeysAwayError: the issuer does not answer, so nobody knows.
        """
        key = self._keys.get(key_id)
        if key is None:
            await self._fetch_again()
            key = self._keys.get(key_id)
        elif self._fetched_at is None or monotonic() - self._fetched_at > OLD_SECONDS:
            self._begin()
        if key is None:
            raise KeysAwayError if self._failed else UnknownKeyError
        return key

    async def _fetch_again(self) -> None:
        if task := self._begin():
            await asyncio.shield(task)

    def _begin(self) -> asyncio.Task[None] | None:
        """The fetch that is under way, or a new one unless the last was just now."""
        if self._fetch is None or self._fetch.done():
            if self._tried_at is not None and monotonic() - self._tried_at < AGAIN_SECONDS:
                return None
            self._tried_at = monotonic()
            self._fetch = asyncio.create_task(self._replace())
        return self._fetch

    async def _replace(self) -> None:
        """The keys as they are now; those of before when they cannot be had."""
        try:
            self._keys = read_keys(await self._read())
        except (OSError, ValueError, httpx2.HTTPError, JoseError) as error:
            self._failed = True
            log.error("no keys from the issuer", error=type(error).__name__)  # noqa: TRY400  # its words may hold an address with a password
        else:
            self._failed, self._fetched_at = False, monotonic()

    def _read(self) -> Awaitable[bytes]:
        if url := self._settings.auth_jwks_url:
            return _over_http(url)
        return asyncio.to_thread(Path(self._settings.auth_jwks_file).read_bytes)


async def _over_http(url: str) -> bytes:
    async with asyncio.timeout(FETCH_SECONDS), httpx2.AsyncClient() as client:
        answer = await client.get(url)
        answer.raise_for_status()
        return answer.content


def read_keys(content: bytes) -> dict[str | None, Key]:
    """The good keys of a JWKS that signatures may be checked with, by id; a single one by None too.

    Raises:
        ValueError: it is no JWKS, or too large.
    """
    if len(content) > BYTES_MAX:
        raise ValueError("too large")
    given = orjson.loads(content)
    if not isinstance(given, dict) or not isinstance(given.get("keys"), list):
        raise ValueError("no key set")  # noqa: TRY004  # of content, not of a caller's type
    found: dict[str | None, Key] = {}
    for each in given["keys"]:
        try:
            key = JWKRegistry.import_key(each) if _is_fit(each) else None
        except (JoseError, LookupError, ValueError, TypeError, AttributeError):
            continue  # one broken key must not take the others away
        if key is not None:
            found[key.kid or key.thumbprint()] = key
    if len(found) == 1:
        found[None] = next(iter(found.values()))
    return found


def _is_fit(key: dict[str, Any]) -> bool:
    """Whether it is a key for signatures of a kind that we check, and no weak one."""
    if key.get("use", "sig") != "sig" or (key.get("kty"), key.get("crv")) not in KINDS:
        return False
    return key["kty"] != "RSA" or len(str(key.get("n"))) * 6 >= RSA_BITS_MIN
