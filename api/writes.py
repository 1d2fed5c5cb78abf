"""The way of every write: a body becomes a command, the command's result becomes the answer."""

from collections.abc import Mapping
from time import monotonic
from typing import Any, Final, NamedTuple

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.answers import POSITION_HEADER, json_response
from api.awaited import own_span
from api.caller import check_locations
from api.connections import Connections, connections_of
from api.pipeline import Asked, CrowdedError, Unavailable, UnsentError
from api.prefer import Preference, preference
from api.problems import BROKER_AWAY, BUSY, NOT_JSON, OUTCOME_UNKNOWN, Refused, later, refusal
from producers.messages import read_position
from schemas.commands import Command
from schemas.envelope import Envelope
from schemas.failpoints import reached
from schemas.locations import named_by, read_limit, shown_in
from schemas.problems import INVALID, invalid, problem

COMMANDS_PATH: Final = "/commands/"
RETRY_SECONDS: Final = "1"
PATIENCE_SECONDS: Final = 1.0
"""A projection that takes longer than this is behind, and the edge says so of itself."""


class Write(NamedTuple):
    """One kind of write, as a face declares it."""

    command: type[Command]
    key: str
    """The field whose value orders this command among others: all of one value, one after another."""
    place: str | None = None
    """Where the face shows what this creates; the resource's id follows."""


async def write(
    request: Request, who: Envelope, kind: Write, path: Mapping[str, str] | None = None
) -> Response:
    """Send what the body asks for, wait as long as the caller prefers, and answer.

    `path` holds the command's fields that stand in the path and not in the body.

    Raises:
        Refused: the body is no such command, it names a location that the caller is not let to, too
            many wait already, or it could not be sent.
    """
    connections = connections_of(request)
    connections.load.admit(kind.command.MODULE)
    wished = preference(
        request.headers.getlist("prefer"), connections.settings.http_wait_seconds_max
    )
    began = monotonic()
    body = await request.body()
    command, body = read_command(kind.command, body, path)
    if who.locations is not None:
        check_locations(named_by(command), read_limit(who.locations))
    who.command_type = kind.command.TYPE
    asked = Asked(
        kind.command.MODULE,
        getattr(command, kind.key),
        body,
        who,
        own_span(request.headers.get("traceparent")),
        wished.wait_seconds,
    )
    result = await _result(connections, asked)
    if result is None:
        return _pending(who, wished)
    if who.locations is not None:  # it may repeat what another caller was told
        check_locations(shown_in(result), read_limit(who.locations))
    reached("e.before_reply")
    left = wished.wait_seconds - (monotonic() - began)
    if result["status"] == "applied" and not await _readable(connections, result, left):
        return _pending(who, wished, result)
    return _answer(request, result, kind, wished)


def read_command(
    kind: type[Command], body: bytes, path: Mapping[str, str] | None
) -> tuple[Command, bytes]:
    """The command that a body spells, with the path's fields in it; and the message's value.

    Raises:
        Refused: 400, no JSON object; 422, the same problem as the worker's.
    """
    if path:
        body = _with_path(body, path)
    try:
        return kind.model_validate_json(body), body
    except ValidationError as error:
        _object(body)
        raise Refused(invalid(error)) from error


def _with_path(body: bytes, path: Mapping[str, str]) -> bytes:
    content = _object(body)
    twice = [
        {"pointer": f"/{name}", "detail": "differs from the path's"}
        for name, value in path.items()
        if content.get(name, value) != value
    ]
    if twice:
        said = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in twice)
        raise Refused(problem(INVALID, said, errors=twice))
    return orjson.dumps({**content, **path})


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        Refused: 400, it is none.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(problem(NOT_JSON, f"body: {error.msg}")) from error
    if not isinstance(content, dict):
        raise Refused(problem(NOT_JSON, "body: must be a JSON object"))
    return content


async def _result(connections: Connections, asked: Asked) -> dict[str, Any] | None:
    """The command's result, None if it did not come in time."""
    try:
        found = await connections.pipeline.ask(asked)
    except CrowdedError as error:
        raise later(BUSY, f"{error}; nothing was sent") from error
    except Unavailable as error:
        raise later(BROKER_AWAY, f"{error}; nothing was sent") from error
    except UnsentError as error:
        said = f"{error}; ask again with the same Idempotency-Key, it is applied once"
        raise later(OUTCOME_UNKNOWN, said) from error
    if found is None:
        return None
    result: dict[str, Any] = orjson.loads(found)
    return result


async def _readable(connections: Connections, result: dict[str, Any], seconds: float) -> bool:
    """Whether what the result tells can be read, within the time."""
    position = read_position(result["position"])
    if await connections.projection.reach(position, seconds):
        return True
    if seconds >= PATIENCE_SECONDS:
        connections.projection.missed(position)
    return False


def _pending(who: Envelope, wished: Preference, result: dict[str, Any] | None = None) -> Response:
    """202: accepted, and where to ask. A result that is in but not yet readable comes along."""
    named = who.identity().hex()
    content = {"id": named, "status": "queued", "request_id": who.request_id, **(result or {})}
    headers = {
        "Location": COMMANDS_PATH + named,
        "Retry-After": RETRY_SECONDS,
        **wished.headers,
    }
    if result:
        headers[POSITION_HEADER] = result["position"]
    return json_response(content, 202, headers)


def _answer(request: Request, result: dict[str, Any], kind: Write, wished: Preference) -> Response:
    """The result as an HTTP answer: its code, and its body or its problem."""
    headers = {POSITION_HEADER: result["position"], **wished.headers}
    if result["replayed"]:
        headers["Idempotency-Replayed"] = "true"
    if result["status"] == "rejected":
        return refusal(request, result["problem"], headers)
    if kind.place is not None and result["code"] == 201:
        headers["Location"] = kind.place + result["resource"]["id"]
    return json_response(result["body"], result["code"], headers)
