"""What a process says of itself over HTTP: that it lives, that it is ready, and its numbers."""

import json
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from schemas.settings import Settings, settings

BEAT_SECONDS_MAX: Final = 60.0
OK: Final = "ok"


class Health:
    """The state of one process: its checks by name, and when it last showed that it moves.

    Ready when every check is "ok". Alive while the last beat is young enough; the troubles of other
    servers make a process unready, never dead, since starting it again would not mend them.
    """

    def __init__(
        self, process: str, *checks: str, beat_seconds_max: float = BEAT_SECONDS_MAX
    ) -> None:
        self.process = process
        self._states = dict.fromkeys(checks or (process,), "starting")
        self._lock = threading.Lock()
        self._beat_seconds_max = beat_seconds_max
        self._beat = time.monotonic()

    def ready(self, *checks: str) -> None:
        """Say that these checks are well; all of them when none is named."""
        self._set(checks, OK)

    def unready(self, reason: str, *checks: str) -> None:
        """Say what is the matter with these checks; with all of them when none is named."""
        self._set(checks, reason)

    def beat(self) -> None:
        """Show that the main loop moves; to be called at every turn of it."""
        self._beat = time.monotonic()

    @property
    def states(self) -> dict[str, str]:
        """How every check stands: "ok", or what is the matter."""
        with self._lock:
            return dict(self._states)

    @property
    def is_ready(self) -> bool:
        """Whether every check is "ok"."""
        return all(state == OK for state in self.states.values())

    @property
    def is_alive(self) -> bool:
        """Whether the main loop has moved of late."""
        return time.monotonic() - self._beat < self._beat_seconds_max

    def serve(self, known: Settings | None = None) -> int:
        """Answer `/livez`, `/readyz` and `/metrics` on `ERP_HEALTH_PORT` from now on.

        Returns the port, or 0 when the settings name none and nothing is served.
        """
        known = known or settings()
        return self.serve_on(known.health_host, known.health_port) if known.health_port else 0

    def serve_on(self, host: str, port: int) -> int:
        """The same at an address; port 0 takes any free one. Returns the port."""
        server = _Server((host, port), _Handler)
        server.health = self
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return int(server.server_address[1])

    def _set(self, checks: tuple[str, ...], state: str) -> None:
        with self._lock:
            self._states.update(dict.fromkeys(checks or self._states, state))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    health: Health


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0

    def do_GET(self) -> None:
        health = self.server.health
        match self.path:
            case "/livez":
                self._answer(health.is_alive, {"process": health.process})
            case "/readyz":
                self._answer(health.is_ready, {"process": health.process, "checks": health.states})
            case "/metrics":
                self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest())
            case _:
                self._send(HTTPStatus.NOT_FOUND, "application/json", b"{}")

    def _answer(self, good: bool, content: object) -> None:  # noqa: FBT001
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Say nothing: a probe every few seconds is not news."""
