"""The edge's cases: reservations and availability over REST, each against its bare reference."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Final

import orjson
import psycopg

from deploy.bench import bare, pgbench
from deploy.bench.callers import Latencies, call
from deploy.bench.cases import UNIFORM_ITEMS, Row, Size, scratch_of, spread
from deploy.bench.stage import Stage, parts
from deploy.machine.children import Child, spawn, stop
from deploy.machine.ports import answers, free_port
from schemas.settings import Settings
from schemas.topics import commands_topic

CALLERS: Final = 50
SECONDS: Final = 8.0
RECORD_BYTES: Final = 1_000
"""About what a reservation of one line comes to in the journal (the case `uniform` tells it)."""
_LEVELS: Final = """
INSERT INTO stockyard_read.level (tenant_id, sku, location, lot, on_hand, reserved, held, incoming,
    available, version, changed_at)
SELECT tenant_id, sku, location, lot, on_hand, reserved, held, incoming, on_hand - reserved - held,
    version, now() FROM balance
"""


def reservations(stage: Stage, size: Size) -> Iterator[Row]:
    """POST a reservation, wait for its result and the projection, against a bare round trip."""
    settings = with_port(stage.case("rest_ours", UNIFORM_ITEMS))
    theirs = stage.case("rest_pgbench", UNIFORM_ITEMS)
    scratch = scratch_of(stage)
    posts: list[Latencies] = []
    trips: list[Latencies] = []
    best, clients = pgbench.best(theirs, UNIFORM_ITEMS, size.pgbench_seconds, scratch, RECORD_BYTES)
    with parts(stage, settings, [["worker", "reservations"], ["projector"], ["edge"]]):
        for number in range(size.rounds):
            topic = commands_topic(settings.topic_prefix, "planning")  # nobody reads it
            trips.append(bare.round_trip(settings, topic, callers=CALLERS, seconds=SECONDS))
            posts.append(
                call(
                    settings.http_port,
                    _reservation(f"{number}-{time.time_ns()}", stage.token()),
                    201,
                    callers=CALLERS,
                    seconds=SECONDS,
                )
            )
    ratios = [post.p50_ms / trip.p50_ms for post, trip in zip(posts, trips, strict=True)]
    yield Row(f"POST reservation p50 ms, {CALLERS} callers", *_latency(posts, trips, "p50_ms"))
    yield Row(f"POST reservation p99 ms, {CALLERS} callers", *_latency(posts, trips, "p99_ms"))
    rate = median(post.per_second for post in posts)
    yield Row(
        "POST reservations a second",
        spread([post.per_second for post in posts]),
        f"{best:,.0f} (pgbench, {clients} clients)",
        f"{rate / best:.2f}",
        f"p50 ratios by round: {', '.join(f'{ratio:.1f}' for ratio in ratios)}",
    )
    stage.drop(settings)
    stage.drop(theirs)


def _latency(posts: list[Latencies], trips: list[Latencies], figure: str) -> tuple[str, str, str]:
    ours = [getattr(each, figure) for each in posts]
    reference = [getattr(each, figure) for each in trips]
    ratio = median(our / their for our, their in zip(ours, reference, strict=True))
    said = [
        f"{median(each):.1f} ({min(each):.1f} to {max(each):.1f})" for each in (ours, reference)
    ]
    return said[0], f"{said[1]} (bare round trip)", f"{ratio:.1f}"


def _reservation(run: str, token: str) -> Callable[[int], bytes]:
    def request(number: int) -> bytes:
        sku = f"I{number * 7919 % UNIFORM_ITEMS + 1}"
        line = {"sku": sku, "location": "MAIN", "quantity": "1"}
        body = orjson.dumps({"order_id": f"SO-{number}", "lines": [line]})
        head = (
            "POST /api/v1/inventory/reservations HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Request-Id: r-{number}\r\nIdempotency-Key: k-{run}-{number}\r\n"
            "Actor-Id: bench\r\nActor-Type: service\r\nSource-System: erp\r\n\r\n"
        )
        return head.encode() + body

    return request


def availability(stage: Stage, size: Size) -> Iterator[Row]:
    """GET the availability of one item, against a bare route with one select."""
    settings = with_port(stage.case("reads", UNIFORM_ITEMS))
    with psycopg.connect(settings.read_url) as connection:
        connection.execute(_LEVELS)
    ours: list[float] = []
    theirs: list[float] = []
    with parts(stage, settings, [["projector"], ["edge"]]), _bare_route(stage, settings) as port:
        for _ in range(size.rounds):
            for found, at, path in (
                (theirs, port, "/level/{}"),
                (ours, settings.http_port, "/api/v1/inventory/availability?sku={}"),
            ):
                seen = call(at, _get(path, stage.token()), 200, callers=CALLERS, seconds=SECONDS)
                found.append(seen.per_second)
    ratio = median(our / their for our, their in zip(ours, theirs, strict=True))
    yield Row("GET availability a second", spread(ours), f"{spread(theirs)} (bare)", f"{ratio:.2f}")
    stage.drop(settings)


def _get(path: str, token: str) -> Callable[[int], bytes]:
    def request(number: int) -> bytes:
        where = path.format(f"I{number * 7919 % UNIFORM_ITEMS + 1}")
        head = f"GET {where} HTTP/1.1\r\nHost: bench\r\nRequest-Id: r\r\n"
        return f"{head}Authorization: Bearer {token}\r\n\r\n".encode()

    return request


def with_port(settings: Settings) -> Settings:
    """The same settings with a free port for the edge."""
    return settings.model_copy(update={"http_port": free_port()})


@contextmanager
def _bare_route(stage: Stage, settings: Settings) -> Iterator[int]:
    """The reference, served as the edge is: uvicorn, uvloop, httptools, one process."""
    port = free_port()
    words = ["--factory", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", *words, "deploy.bench.bare:bare_route"]
    environment = {**os.environ, "ERP_DATABASE_URL": settings.ledger_url}
    process = spawn(Child(command, stage.data_dir / "logs" / "bare.log", environment=environment))
    try:
        deadline = time.monotonic() + 30
        while not answers(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield port
    finally:
        stop(process, by=signal.SIGTERM, within_seconds=10)


REST: Final = {"reservations": reservations, "availability": availability}
