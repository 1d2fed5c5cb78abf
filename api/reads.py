"""The way of every read: after the caller's position, from the read tables, a page at a time."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable
from typing import Annotated, Any, ClassVar, Final, TypeVar
from urllib.parse import urlencode

import orjson
import psycopg
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from api.answers import POSITION_HEADER
from api.connections import connections_of
from api.prefer import preference
from api.problems import (
    DATABASE_AWAY,
    INVALID_HEADERS,
    INVALID_QUERY,
    NOT_YET_READABLE,
    faulty,
    later,
)
from producers.messages import read_position

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200

_POSITION: Final = re.compile(r"[0-9]{1,5}:[0-9]{1,18}(,[0-9]{1,5}:[0-9]{1,18}){0,7}")
T = TypeVar("T")
Q = TypeVar("Q", bound="PageQuery")


class PageQuery(BaseModel):
    """The query parameters of every list."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    REPEATABLE: ClassVar[frozenset[str]] = frozenset()

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, description="places on a page")] = LIMIT_DEFAULT
    cursor: Annotated[
        str | None,
        Field(max_length=512, description="opaque; from `next_cursor` or the `Link` header"),
    ] = None


async def after_position(request: Request) -> None:
    """Wait until the position that the request names can be read; at once if it names none.

    Raises:
        Refused: 400, it names none that we gave; 503, it is not reached within the wait.
    """
    named = request.headers.get(POSITION_HEADER)
    if named is None:
        return
    if not _POSITION.fullmatch(named):
        fault = {"header": POSITION_HEADER, "detail": "is no position that was given out"}
        raise faulty(INVALID_HEADERS, [fault])
    connections = connections_of(request)
    wished = preference(
        request.headers.getlist("prefer"), connections.settings.http_wait_seconds_max
    )
    if not await connections.projection.reach(read_position(named), wished.wait_seconds):
        raise later(NOT_YET_READABLE, f"{POSITION_HEADER}: {named} is not readable yet")


async def read(question: Awaitable[T]) -> T:
    """The answer of the read tables.

    Raises:
        Refused: 503, they are away.
    """
    try:
        return await question
    except psycopg.OperationalError as error:
        raise later(DATABASE_AWAY, "the read tables do not answer") from error


def query_of(request: Request, kind: type[Q]) -> Q:
    """The request's query, each parameter checked; those of a list may repeat.

    Raises:
        Refused: 400, naming each parameter that is unknown or wrong.
    """
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    faults = []
    for name, values in given.items():
        if name not in kind.REPEATABLE:
            given[name] = values[0]
            if len(values) > 1:
                faults.append({"parameter": name, "detail": "stands more than once"})
    try:
        found = kind.model_validate(given)
    except ValidationError as error:
        faults += [
            {"parameter": str(fault["loc"][0]), "detail": fault["msg"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    if faults:
        raise faulty(INVALID_QUERY, faults)
    return found


def cursor_of(place: tuple[str, ...]) -> str:
    """A cursor that the page behind `place` is asked for with."""
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def place_of(cursor: str | None, parts: int) -> tuple[str, ...] | None:
    """The place that a cursor of ours stands for.

    Raises:
        Refused: 400, it is none of ours.
    """
    if cursor is None:
        return None
    try:
        place = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        place = None
    fit = isinstance(place, list) and len(place) == parts
    if not fit or not all(isinstance(part, str) and "\0" not in part for part in place):
        fault = {"parameter": "cursor", "detail": "is no cursor that was given out"}
        raise faulty(INVALID_QUERY, [fault])
    return tuple(place)


def next_link(request: Request, cursor: str) -> str:
    """The `Link` header that leads to the next page, by this request's own path and query."""
    kept = [item for item in request.query_params.multi_items() if item[0] != "cursor"]
    return f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'
