"""Around every request: what every answer carries, bounds on its body, its count, no error bare."""

import asyncio
from functools import cache
from time import perf_counter
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import RATE_HEADERS, name_request
from api.problems import BODY_TOO_LARGE, BODY_TOO_SLOW, INTERNAL, Refused, hang_up, refusal
from schemas.problems import problem

log = structlog.get_logger()

REQUESTS: Final = Counter(
    "stockyard_http_requests_total", "Requests answered.", ["method", "route", "code"]
)
SECONDS: Final = Histogram(
    "stockyard_http_request_seconds",
    "From the request's head to the end of its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
GONE: Final = 499
"""Counted for a caller who left in the middle of its own request; never sent."""
_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Perimeter:
    """The one middleware; plain ASGI, for the fewest hops on the hot path."""

    def __init__(self, app: ASGIApp, body_bytes_max: int, body_seconds_max: float) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._body_seconds_max = body_seconds_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, within its bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, scope, name_request(scope))
        began = perf_counter()
        try:
            await self._app(scope, self._bounded(scope, receive), answer)
        except ClientDisconnect:
            answer.code = GONE
        except Exception as error:
            # The error's own words may hold what the caller sent; its type and place do not.
            log.error(  # noqa: TRY400  # see above
                "request failed",
                error=type(error).__name__,
                at=_place(error),
                request_id=answer.request_id.decode(),
            )
            if answer.code:
                raise
            broken = refusal(Request(scope), problem(INTERNAL, "see the log for the request_id"))
            await broken(scope, receive, answer)
        finally:
            _count(scope, answer.code, perf_counter() - began)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """The request's body, refused as soon as it is known to be too large or too slow."""
        if scope["method"] in {"GET", "HEAD"}:
            return receive
        most, read = self._body_bytes_max, 0
        too_large = Refused(problem(BODY_TOO_LARGE, f"a body has at most {most} bytes"))
        announced = _announced(scope)
        seconds, whole = self._body_seconds_max, False
        deadline = asyncio.get_running_loop().time() + seconds

        async def bounded() -> Message:
            nonlocal read, whole
            if announced > most:
                raise too_large
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                said = f"a body must arrive within {seconds:g} seconds"
                raise hang_up(problem(BODY_TOO_SLOW, said)) from None
            whole = not message.get("more_body")
            read += len(message.get("body", b""))
            if read > most:
                raise too_large
            return message

        return bounded


SECURITY: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
_NO_PAGE: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_PAGE: Final = (b"content-security-policy", b"frame-ancestors 'none'")


class _Answer:
    """The way out: every answer carries the request's id, and what browsers must not do with it."""

    def __init__(self, send: Send, scope: Scope, request_id: bytes) -> None:
        self._send = send
        self._scope = scope
        self.request_id = request_id
        self.code = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.code = message["status"]
            given = message["headers"]
            is_page = any(name == b"content-type" and b"html" in value for name, value in given)
            message["headers"] = [
                *given,
                (b"request-id", self.request_id),
                (b"x-request-id", self.request_id),
                *SECURITY,
                _PAGE if is_page else _NO_PAGE,
                *self._scope.get(RATE_HEADERS, ()),
            ]
        await self._send(message)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _place(error: BaseException) -> str:
    """Where an error was raised: the last frames of its traceback, without their values."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return " < ".join(reversed(frames[-6:]))


def _count(scope: Scope, code: int, seconds: float) -> None:
    """Count under the route's template, never under the path: callers choose paths."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = getattr(scope.get("route"), "path", "none")
    counter, histogram = _numbers(method, route, code)
    counter.inc()
    histogram.observe(seconds)


@cache
def _numbers(method: str, route: str, code: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(code)), SECONDS.labels(method, route)
