"""The edge's own refusals, and how every refusal travels: RFC 9457, with the request's id."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON_BYTES, request_id_of
from schemas.problems import Kind, Problem, problem

MEDIA_TYPE: Final = "application/problem+json"

INVALID_HEADERS: Final = Kind("invalid-headers", 400, "Headers are missing or wrong")
INVALID_QUERY: Final = Kind("invalid-query", 400, "Query parameters are wrong")
UNAUTHENTICATED: Final = Kind("token-needed", 401, "This needs a token that is good")
FORBIDDEN: Final = Kind("permission-missing", 403, "The token lacks a permission")
SIGN_IN_FAILED: Final = Kind("sign-in-failed", 400, "Signing in did not work")
NO_SIGN_IN: Final = Kind("no-sign-in", 404, "Nobody can sign in here with a browser")
NOT_JSON: Final = Kind("not-json", 400, "The body is not a JSON object")
UNKNOWN_COMMAND: Final = Kind("unknown-command", 404, "No command can have this id")
BODY_TOO_SLOW: Final = Kind("body-too-slow", 408, "The body took too long to arrive")
BODY_TOO_LARGE: Final = Kind("body-too-large", 413, "The body is too large")
TOO_MANY: Final = Kind("too-many-requests", 429, "The client asks too often")
OUTCOME_UNKNOWN: Final = Kind(
    "outcome-unknown", 503, "The command may or may not have been accepted"
)
BUSY: Final = Kind("too-many-waiting", 503, "Too many requests wait for their results")
OVERLOADED: Final = Kind("overloaded", 503, "Commands come faster than they are applied")
BROKER_AWAY: Final = Kind("broker-away", 503, "Commands cannot be accepted now")
DATABASE_AWAY: Final = Kind("database-away", 503, "Reads cannot be answered now")
ISSUER_AWAY: Final = Kind("issuer-away", 503, "Tokens cannot be checked now")
NOT_YET_READABLE: Final = Kind("position-not-reached", 503, "The position is not readable yet")
INTERNAL: Final = Kind("internal-error", 500, "Something went wrong here")

RETRY_SECONDS: Final = 1


class Refused(Exception):  # noqa: N818  # a refusal on its way to the caller, not a fault of ours
    """A request that ends with a problem; raised from anywhere below an endpoint."""

    def __init__(self, content: Problem, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(content["type"])
        self.content = content
        self.headers = (
            {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
        )


def hang_up(content: Problem) -> Refused:
    """A refusal that ends the connection: what would still come of the request is not wanted."""
    refused = Refused(content)
    refused.headers["Connection"] = "close"
    return refused


def later(kind: Kind, detail: str) -> Refused:
    """A refusal that the same request may outlive: try again, with the same Idempotency-Key."""
    return Refused(problem(kind, detail), retry_after_seconds=RETRY_SECONDS)


def unauthorized(needed: Iterable[str], challenge: str) -> Refused:
    """A refusal to somebody unknown. It names what the endpoint needs, never what is wrong."""
    return _asking(UNAUTHENTICATED, needed, challenge)


def forbidden(missing: Iterable[str]) -> Refused:
    """A refusal to somebody known. It names the permissions that are missing, and nothing else."""
    return _asking(FORBIDDEN, missing, 'Bearer error="insufficient_scope"')


def _asking(kind: Kind, names: Iterable[str], challenge: str) -> Refused:
    """RFC 6750's answer, and ours, which both name the permissions."""
    named = sorted(names)
    refused = Refused(problem(kind, ", ".join(named) or "any permission", permissions=named))
    separator = ", " if " " in challenge else " "
    scope = f'{separator}scope="{" ".join(named)}"' if named else ""
    refused.headers["WWW-Authenticate"] = challenge + scope
    return refused


def faulty(kind: Kind, faults: Sequence[Mapping[str, str]]) -> Refused:
    """A refusal that names each faulty part: a header, a query parameter, a place in the body."""
    said = "; ".join(
        f"{fault.get('header') or fault.get('parameter') or fault.get('pointer')}: "
        f"{fault['detail']}"
        for fault in faults
    )
    return Refused(problem(kind, said, errors=list(faults)))


def refusal(
    request: Request, content: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """The response that carries a problem."""
    return Response(
        JSON_BYTES({**content, "request_id": request_id_of(request)}),
        content["status"],
        headers,
        MEDIA_TYPE,
    )


async def answer_refused(request: Request, error: Exception) -> Response:
    """Answer a refusal of ours."""
    if not isinstance(error, Refused):
        raise error
    return refusal(request, error.content, error.headers)


async def answer_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses by itself: no such path, no such method."""
    if not isinstance(error, HTTPException):
        raise error
    name = error.detail.lower().replace(" ", "-")
    kind = Kind(name, error.status_code, error.detail)
    said = f"{request.method} {request.url.path}"
    return refusal(request, problem(kind, said), error.headers)
