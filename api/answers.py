"""What all answers share: compact JSON, and the id of the request that they answer."""

import re
from typing import Final
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

JSON: Final = "application/json"
JSON_BYTES: Final = orjson.dumps
REQUEST_ID: Final = "stockyard.request_id"
"""Where a request's id stands in its ASGI scope."""
RATE_HEADERS: Final = "stockyard.rate_headers"
"""Where those headers stand in a request's ASGI scope that tell its client what it may still ask."""
POSITION_HEADER: Final = "Stockyard-Position"

_VISIBLE: Final = re.compile(rb"[!-~]{1,255}")


def name_request(scope: Scope) -> bytes:
    """The caller's id for the request, or a new one if it gave none that can be echoed."""
    given = [value for name, value in scope["headers"] if name == b"request-id"]
    fit = len(given) == 1 and _VISIBLE.fullmatch(given[0])
    named: bytes = given[0] if fit else f"req-{uuid4().hex}".encode()
    scope[REQUEST_ID] = named.decode()
    return named


def request_id_of(request: Request) -> str:
    """The id that `name_request` gave the request."""
    named: str = request.scope[REQUEST_ID]
    return named


def json_response(
    content: object, code: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A JSON answer, dumped once and not checked again: what it holds is ours."""
    return Response(orjson.dumps(content), code, headers, JSON)
