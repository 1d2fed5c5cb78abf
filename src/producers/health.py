"""What a process says of itself over HTTP: that it lives, that it is ready, and its numbers."""

import json
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

BEAT_SECONDS_MAX: Final = 60.0


class Health:
    """The state of a process: its checks by name, and when it last showed that it moves.

    Not ready until every check that was announced is "ok". Alive as long as the last beat is young
    enough; other servers' troubles make a process unready, never dead, since a restart would not
    mend them.
    """

    def __init__(self, *checks: str, beat_seconds_max: float = BEAT_SECONDS_MAX) -> None:
        self._lock = threading.Lock()
        self._checks = dict.fromkeys(checks, "starting")
        self.beat_seconds_max = beat_seconds_max
        self._beat = time.monotonic()

    def set(self, check: str, state: str = "ok") -> None:
        """Say how a check stands: "ok", or what is the matter."""
        with self._lock:
            self._checks[check] = state

    def beat(self, at: float | None = None) -> None:
        """Show that the main loop moves; to be called at every turn of it.

        `at`: when whatever it looks after last moved, by the monotonic clock; now by default.
        """
        self._beat = time.monotonic() if at is None else at

    @property
    def checks(self) -> dict[str, str]:
        """How every check stands."""
        with self._lock:
            return dict(self._checks)

    @property
    def ready(self) -> bool:
        """Whether every check is "ok"."""
        return all(state == "ok" for state in self.checks.values())

    @property
    def alive(self) -> bool:
        """Whether the main loop has moved of late."""
        return time.monotonic() - self._beat < self.beat_seconds_max


class HealthServer:
    """`/livez`, `/readyz` and `/metrics` of a process, on a port of its own."""

    def __init__(self, health: Health, host: str, port: int) -> None:
        self._server = _Server((host, port), _Handler)
        self._server.health = health
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on; the one chosen, when 0 was asked for."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


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
                self._answer(health.alive, {"alive": health.alive})
            case "/readyz":
                self._answer(health.ready, {"ready": health.ready, "checks": health.checks})
            case "/metrics":
                self._send(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest())
            case _:
                self._send(HTTPStatus.NOT_FOUND, "application/json", b"{}")

    def _answer(self, good: bool, content: object) -> None:  # noqa: FBT001  # one of two ways
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
