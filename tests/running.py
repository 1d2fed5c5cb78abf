"""Stockyard's processes for tests of the edge: worker, projector and edge as children, and HTTP."""

import itertools
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from confluent_kafka import Producer
from pydantic import SecretStr

from asks import Ask, item, location, record_stock
from deploy.kafka.apply import apply_topics
from deploy.machine.children import tail_of
from deploy.machine.ports import free_port
from identities import default_headers, jwks_file
from processes import eventually, start
from producers.kafka_config import client_config
from schemas.settings import Settings
from schemas.topics import commands_topic

WAIT_SECONDS = 60.0
RESERVATIONS = "/api/v1/inventory/reservations"
AVAILABILITY = "/api/v1/inventory/availability"
PROOF = {"carrier": "DHL", "tracking": "T-1", "shipped_at": "2026-11-21T08:00:00Z"}
_numbers = itertools.count(1)


def headers(key: str | None = None, **others: str | None) -> dict[str, str]:
    """The write headers; `Actor_Id="x"` replaces one, `Actor_Id=None` leaves it out."""
    number = next(_numbers)
    given = {
        "Request-Id": f"request-{number}",
        "Idempotency-Key": key or f"edge-key-{number}",
        "Actor-Id": "ann",
        "Actor-Type": "user",
        "Source-System": "erp",
        **{name.replace("_", "-"): value for name, value in others.items()},
    }
    return {name: value for name, value in given.items() if value is not None}


def order(sku: str, quantity: str = "1", **fields: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "location": "MAIN", "quantity": quantity}]
    return {"order_id": f"SO-{next(_numbers)}", "lines": lines, **fields}


@dataclass(slots=True)
class Running:
    """One prefix and database, and the processes that work on them."""

    settings: Settings
    port: int = field(default_factory=free_port)
    wait_seconds_max: float = 10.0
    children: dict[str, Any] = field(default_factory=dict)
    http: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(timeout=WAIT_SECONDS, headers=default_headers())
    )
    _logs: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="stockyard-edge-")))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *verbs: str) -> None:
        for verb in verbs:
            started = start(
                self.settings,
                self._logs / f"{verb}.log",
                verb,
                http_port=self.port,
                http_wait_seconds_max=self.wait_seconds_max,
                auth_jwks_file=jwks_file(),
            )
            self.children[verb] = started.process

    def is_ready(self) -> bool:
        assert all(each.poll() is None for each in self.children.values()), self.said()
        try:
            return self.http.get(f"{self.url}/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def freeze(self, verb: str) -> "_Frozen":
        return _Frozen(self.children[verb])

    def said(self) -> str:
        return "\n".join(f"{each}\n{tail_of(each)}" for each in sorted(self._logs.iterdir()))

    def get(self, path: str, **parameters: Any) -> httpx2.Response:
        return self.http.get(self.url + path, **parameters)

    def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None, **parameters: Any
    ) -> httpx2.Response:
        given = {"json": body} if body is not None else {}
        return self.http.post(self.url + path, headers=headers, **given, **parameters)

    def reserve(
        self, body: dict[str, Any], key: str | None = None, **others: Any
    ) -> httpx2.Response:
        return self.post(RESERVATIONS, body, headers(key, **others))

    def tell(self, *asks: Ask) -> None:
        """Send commands past the edge."""
        producer = Producer(client_config(self.settings))
        for each in asks:
            topic = commands_topic(self.settings.topic_prefix, each.module)
            producer.produce(topic, each.value, each.key.encode(), headers=each.raw_headers)
        assert producer.flush(WAIT_SECONDS) == 0

    def stock(self, quantity: str = "10") -> str:
        """A new item with so much of it at MAIN, ready to be read."""
        sku = f"SKU-{next(_numbers):05}"
        self.tell(item(sku), location("MAIN"))
        eventually(f"{sku} stocked: {self.said()}", lambda: self._counted(sku, quantity))
        return sku

    def _counted(self, sku: str, quantity: str) -> bool:
        """Count again until the item is known: catalog and stock are applied by different groups."""
        self.tell(record_stock(sku, quantity))
        return eventually_or_not(lambda: self.availability(sku), 2.0) is not None

    def availability(self, sku: str, **parameters: Any) -> dict[str, Any] | None:
        answer = self.get(AVAILABILITY, params={"sku": sku, **parameters})
        assert answer.status_code == 200, answer.text
        rows = answer.json()["data"]
        return rows[0] if rows else None

    def close(self) -> None:
        self.http.close()
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
                child.wait(WAIT_SECONDS)


def eventually_or_not(is_so: Callable[[], Any], within_seconds: float) -> Any:
    deadline = time.monotonic() + within_seconds
    while not (found := is_so()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found or None


@dataclass(slots=True)
class _Frozen:
    """A process that stands still for the length of a block."""

    process: Any

    def __enter__(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        eventually("it stands still", self._stands_still)

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGCONT)

    def _stands_still(self) -> bool:
        """Every thread of it: on a busy machine the last ones go on for a moment."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        states = [(each / "stat").read_text().rpartition(")")[2].split()[0] for each in threads]
        return set(states) <= {"T", "Z"}


def running(bootstrap_servers: str, database_url: str, prefix: str, **options: Any) -> Running:
    """Topics made, and worker, projector and edge started and ready."""
    settings = Settings(
        kafka_bootstrap_servers=bootstrap_servers,
        database_url=SecretStr(database_url),
        topic_prefix=prefix,
    )
    apply_topics(settings)
    made = Running(settings, **options)
    made.start("worker", "projector", "edge")
    eventually("the edge is ready", made.is_ready)
    return made
