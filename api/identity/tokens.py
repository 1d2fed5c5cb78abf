"""Bearer tokens: a JWT's signature and claims are checked once, and who it stands for is remembered."""

import time
from hashlib import sha256
from typing import Any, Final

import orjson
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jws import JWSRegistry, extract_compact, validate_compact
from joserfc.jwt import JWTClaimsRegistry

from api.identity.claims import Caller, ClaimError, caller_of
from api.identity.issuer_keys import IssuerKeys, UnknownKeyError
from api.identity.remembered import Remembered
from schemas.settings import Settings

_SIGNED: Final = {name: JWSRegistry.algorithms[name] for name in ("RS256", "ES256", "Ed25519")}
ALGORITHMS: Final = {**_SIGNED, "EdDSA": _SIGNED["Ed25519"]}
"""All by a public key: neither `none`, nor one that a public key could serve as the secret of.
`EdDSA` is the name that Ed25519 had before RFC 9864."""
TOKEN_BYTES_MAX: Final = 8_192
REMEMBERED_SECONDS: Final = 60.0
"""A token is checked anew so often, against the keys of then."""

_REGISTRY: Final = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_REGISTRY.algorithms = ALGORITHMS
_REGISTRY.max_header_length = 4_096  # some issuers put their certificates there


class BadTokenError(Exception):
    """A token that nobody is known by. Its words are for the log, never for the caller."""


class Tokens:
    """The tokens that were shown lately, by their hashes, and who they stand for."""

    def __init__(self, settings: Settings, keys: IssuerKeys) -> None:
        self._keys = keys
        self._skew_seconds = settings.auth_clock_skew_seconds
        self._required = JWTClaimsRegistry(
            leeway=int(self._skew_seconds),
            iss={"essential": True, "value": settings.auth_issuer},
            aud={"essential": True, "value": settings.auth_audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._known = Remembered(time.time)

    async def caller(self, token: bytes) -> Caller:
        """Who the token stands for.

        Raises:
            BadTokenError: nobody, or nobody any more.
            KeysAwayError: the keys to check it with cannot be had.
        """
        named = sha256(token).digest()
        if (known := self._known.get(named)) is not None:
            return known
        found, seconds = await self.bearer(token)
        self._known.keep(named, found, time.time() + min(seconds, REMEMBERED_SECONDS))
        return found

    async def bearer(self, token: bytes) -> tuple[Caller, float]:
        """Who the token stands for, and for how many seconds yet.

        Raises:
            BadTokenError: nobody, or nobody any more.
            KeysAwayError: the keys to check it with cannot be had.
        """
        claims = await self._checked(token)
        try:
            found = caller_of(claims)
        except ClaimError as error:
            raise BadTokenError(f"claim {error}") from error
        return found, claims["exp"] + self._skew_seconds - time.time()

    async def _checked(self, token: bytes) -> dict[str, Any]:
        """The claims, once signature, issuer, audience and times are found right."""
        if len(token) > TOKEN_BYTES_MAX:
            raise BadTokenError("too large")
        try:
            signed = extract_compact(token, registry=_REGISTRY)
            key = await self._keys.named(signed.headers().get("kid"))
            if not validate_compact(signed, key, registry=_REGISTRY):
                raise BadSignatureError
            claims: dict[str, Any] = orjson.loads(signed.payload)
            claims.pop("iat", None)  # when it was issued bounds nothing, and goes by another clock
            self._required.validate(claims)
        except UnknownKeyError as error:
            raise BadTokenError("unknown key") from error
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise BadTokenError(type(error).__name__) from error
        return claims
