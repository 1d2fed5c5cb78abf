"""Edges on a pipeline of a test: several side by side, to be killed and asked again."""

from dataclasses import dataclass, field
from typing import Any

import httpx2

from deploy.machine.ports import HOST, free_port
from identities import default_headers, jwks_file
from pipelines import Pipeline
from processes import WAIT_SECONDS, Process, eventually
from running import AVAILABILITY, RESERVATIONS, headers

WRITE_SECONDS_MAX = 20.0


@dataclass(slots=True)
class Edge:
    """One edge, and a client of it."""

    process: Process
    port: int
    http: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(timeout=WAIT_SECONDS, headers=default_headers())
    )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def reserve(self, body: Any, key: str | None = None, **others: str) -> httpx2.Response:
        """Ask for a reservation; `Prefer="wait=2"` and the like set headers."""
        return self.http.post(self.url + RESERVATIONS, json=body, headers=headers(key, **others))

    def is_cut_off(self, body: Any, key: str, **others: str) -> bool:
        """Ask, and find the connection broken instead of an answer."""
        try:
            self.reserve(body, key, **others)
        except httpx2.TransportError:
            return True
        return False

    def get(self, path: str, headers: Any = None, **query: str) -> httpx2.Response:
        return self.http.get(self.url + path, headers=headers, params=query)

    def available(self, sku: str) -> str | None:
        """What can be promised of an item, all locations together being one here."""
        rows = self.get(AVAILABILITY, sku=sku).json()["data"]
        return rows[0]["available"] if rows else None


def start_edge(pipeline: Pipeline, *, fault: str = "", **settings: Any) -> Edge:
    """An edge that is ready. Its pipeline ends it."""
    port = free_port()
    given = {
        "http_port": port,
        "http_wait_seconds_max": WRITE_SECONDS_MAX,
        "auth_jwks_file": jwks_file(),
        **settings,
    }
    process = pipeline.run("edge", fault=fault, **given)
    process.health_port = port  # it answers for its health where it answers callers
    eventually("the edge is ready", process.is_ready)
    return Edge(process, port)
