"""What a verified token's claims say: whose stock, who asks, what they may, and where. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from api.identity.permissions import granted
from schemas.base import ActorId, LocationCode

TENANT: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,62}")
_SUBJECT: Final = TypeAdapter[str](ActorId)
_LOCATIONS: Final = TypeAdapter[list[str]](list[LocationCode])


class ClaimError(Exception):
    """A claim that is missing, or is not what it must be."""


class Caller(NamedTuple):
    """Who asks."""

    tenant_id: str
    subject: str
    client: str
    """Whose rate this counts against: the client of the token, else its subject."""
    permissions: frozenset[str]
    locations: frozenset[str] | None = None
    """The only ones that the caller may see or change; None: all."""


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Who a verified token stands for.

    `tenant`, `sub` and, where given, `locations` (a list) must be right. Permissions come from `scope`
    (a string of words; also `scp`), `permissions` and `roles` (lists).

    Raises:
        ClaimError: naming the claim.
    """
    tenant, subject = claims.get("tenant"), claims.get("sub")
    if not isinstance(tenant, str) or not TENANT.fullmatch(tenant):
        raise ClaimError("tenant")
    named = (*_words(claims, "scope"), *_words(claims, "scp"), *_words(claims, "permissions"))
    try:
        _SUBJECT.validate_python(subject, strict=True)
    except ValidationError as error:
        raise ClaimError("sub") from error
    client = claims.get("client_id") or claims.get("azp") or subject
    return Caller(
        tenant,
        str(subject),
        f"{tenant}/{client}",
        granted(named, _words(claims, "roles")),
        _locations(claims),
    )


def _words(claims: Mapping[str, Any], name: str) -> list[str]:
    value = claims.get(name, ())
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise ClaimError(name)
    return list(words)


def _locations(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """The limit to locations. A claim that is there and empty allows none."""
    if claims.get("locations") is None:
        return None
    try:
        return frozenset(_LOCATIONS.validate_python(claims["locations"], strict=True))
    except ValidationError as error:
        raise ClaimError("locations") from error
