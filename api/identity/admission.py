"""The way in: before every endpoint, who asks is found out, counted, and held to the endpoint's rule."""

from typing import Final

import structlog
from prometheus_client import Counter
from starlette.requests import Request

from api.answers import RATE_HEADERS, request_id_of
from api.connections import connections_of
from api.identity.api_keys import is_key
from api.identity.claims import Caller
from api.identity.issuer_keys import KeysAwayError
from api.identity.permissions import ENDPOINTS
from api.identity.tokens import BadTokenError
from api.problems import ISSUER_AWAY, TOO_MANY, Refused, forbidden, later, unauthorized
from api.reads import read
from schemas.problems import problem

log = structlog.get_logger()

REFUSED: Final = Counter(
    "stockyard_edge_tokens_refused", "Tokens and keys that nobody is known by", ["why"]
)
CALLER: Final = "stockyard.caller"
"""Where `admit` leaves in a request's ASGI scope who asks."""


async def admit(request: Request) -> None:
    """Before every endpoint: who asks is known, and may. Endpoints that are open ask nobody.

    Raises:
        Refused: 401 without a good token; 403 naming the permission that is missing; 429 when the
            client asks too often; 503 when nobody can tell who asks.
    """
    rule = ENDPOINTS[request.method, request.scope["route"].path]
    if rule is None:
        return
    found = await _known(request, rule)
    _count(request, found)
    if not rule <= found.permissions:
        raise forbidden(rule - found.permissions)
    request.scope[CALLER] = found


async def _known(request: Request, rule: frozenset[str]) -> Caller:
    connections = connections_of(request)
    given = [value for name, value in request.scope["headers"] if name == b"authorization"]
    token = _token(given)
    session = None if given else connections.sessions.shown_by(request)
    try:
        if session is not None:
            return await read(connections.sessions.caller(session))
        if token is None:
            raise unauthorized(rule, "Bearer")
        if is_key(token):
            return await read(connections.keys.caller(token))
        return await connections.tokens.caller(token)
    except BadTokenError as error:
        why = str(error)
        REFUSED.labels(why).inc()
        log.debug("token refused", why=why, request_id=request_id_of(request))
        raise unauthorized(rule, 'Bearer error="invalid_token"') from error
    except KeysAwayError as error:
        raise later(ISSUER_AWAY, "the issuer's keys cannot be had") from error


def _count(request: Request, who: Caller) -> None:
    rates = connections_of(request).rates
    if rates is None:
        return
    standing = rates.take(who.client)
    request.scope[RATE_HEADERS] = rates.headers(standing)
    if not standing.allowed:
        seconds = standing.retry_after_seconds
        said = f"ask again after {seconds} s"
        raise Refused(problem(TOO_MANY, said), retry_after_seconds=seconds)


def _token(given: list[bytes]) -> bytes | None:
    """What the only Authorization header bears."""
    if len(given) != 1:
        return None
    scheme, _, token = given[0].partition(b" ")
    return token.strip() or None if scheme.lower() == b"bearer" else None
