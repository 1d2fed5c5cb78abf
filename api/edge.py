"""The edge as a process: it answers HTTP until a signal comes, and leaves nobody without an answer."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from api.app import create_app
from api.door import bounded_protocol
from producers.process import set_up_logging
from schemas.settings import Settings

log = structlog.get_logger()

LEAVE_SECONDS: Final = 0.5
"""How long it still takes requests after it has said that it is not ready."""
MARGIN_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 10.0
KEEP_ALIVE_SECONDS: Final = 75
BACKLOG: Final = 2048


def run(settings: Settings) -> int:
    """Answer until SIGTERM or SIGINT.

    Returns the exit code: 1 if the port cannot be taken, or nothing says whose tokens count.

    Requests in flight are finished first, within the longest wait that a caller may have.
    """
    set_up_logging(settings)
    if not settings.has_issuer:
        log.error("no issuer: set ERP_AUTH_JWKS_URL, or name the data directory of `stockyard up`")
        return 1
    try:
        listening = _listen(settings)
    except OSError as error:
        log.error("cannot listen", why=str(error))  # noqa: TRY400  # the message is the story
        return 1
    with listening:
        return uvloop.run(_serve(settings, listening))


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    return socket.create_server(
        (settings.http_host, settings.http_port), family=family, backlog=BACKLOG
    )


async def _serve(settings: Settings, listening: socket.socket) -> int:
    app = create_app(settings)
    server = _Server(
        uvicorn.Config(
            app,
            loop="none",
            http=bounded_protocol(settings.http_request_seconds_max),
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            lifespan="on",
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=int(settings.http_wait_seconds_max + MARGIN_SECONDS),
        )
    )
    leaving = _leave_on_signal(app, server, settings)
    await server.serve(sockets=[listening])
    for timer in leaving:
        timer.cancel()
    return 0 if server.started else 1


def _leave_on_signal(
    app: FastAPI, server: "_Server", settings: Settings
) -> list[asyncio.TimerHandle]:
    """On a signal: say that we are not ready, then close the door, then end; each in its time."""
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []

    def leave() -> None:
        if timers:
            server.close_door()
            return
        log.info("stopping")
        app.state.connections.stopping.set()
        most = LEAVE_SECONDS + settings.http_wait_seconds_max + MARGIN_SECONDS + CLOSE_SECONDS
        timers.append(loop.call_later(LEAVE_SECONDS, server.close_door))
        timers.append(loop.call_later(most, os._exit, 0))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    return timers


class _Server(uvicorn.Server):
    def close_door(self) -> None:
        """Take no more requests, and end with the last one in flight."""
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to us: uvicorn's way ends with the signal's own exit code."""
        yield
