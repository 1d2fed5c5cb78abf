"""Drained throughput: reservations a second, from the first published to the last result seen."""

import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final

import psycopg
from confluent_kafka import Consumer, TopicPartition

from deploy.bench.commerce import READY
from deploy.bench.cpu import memory_mb, seconds_by_kind
from deploy.bench.stage import Part, Stage, parts
from producers.kafka_config import client_config
from schemas.settings import Settings
from schemas.topics import results_topic

DRAIN_SECONDS_MAX: Final = 600.0
LOOK_SECONDS: Final = 0.1
_STAGE: Final = re.compile(
    r'stockyard_stage_cpu_seconds_total\{module="reservations",stage="(\w+)"\} (\S+)'
)


@dataclass(frozen=True, slots=True)
class Drained:
    """What one case came to."""

    commands: int
    seconds: float
    cpu_us: dict[str, float]  # per command, by kind of process
    stages_us: dict[str, float]  # per command, by stage of the worker's loop
    memory_mb: dict[str, float]

    @property
    def per_second(self) -> float:
        """Commands a second."""
        return self.commands / self.seconds


def drain(  # what makes a case
    stage: Stage,
    settings: Settings,
    *,
    commands: int,
    items: int,
    lines: int = 1,
    workers: int = 2,
    run: str = "run",
) -> Drained:
    """Publish commands to waiting workers and time it until every result is on its topic.

    Raises:
        RuntimeError: a result is missing or stands twice, or a command was refused.
    """
    before = _applied(settings)
    with parts(stage, settings, [["worker", "reservations"]] * workers) as started:
        _until_shared(started, workers)
        results = _Results(settings)
        producer = _commerce(settings, commands, items, lines, run)
        cpu, stages = seconds_by_kind(), _stages(started)
        began = time.monotonic()
        _let_go(producer)
        seconds = results.wait_for(commands, began)
        used = seconds_by_kind()
        used.subtract(cpu)
        spent = {name: at - stages.get(name, 0.0) for name, at in _stages(started).items()}
        memory = {
            f"worker {number}": memory_mb(part.process.pid) for number, part in enumerate(started)
        }
        if producer.wait(60):
            raise RuntimeError("the producer failed")
    applied = _applied(settings) - before
    if applied != commands or results.seen() != commands:
        raise RuntimeError(f"{commands} sent, {applied} applied, {results.seen()} results")
    return Drained(
        commands,
        seconds,
        {kind: value / commands * 1e6 for kind, value in used.items() if kind != "producer"},
        {name: value / commands * 1e6 for name, value in spent.items()},
        memory,
    )


def _commerce(
    settings: Settings, commands: int, items: int, lines: int, run: str
) -> "subprocess.Popen[bytes]":
    """A producer that has made up its commands and waits for the word."""
    environment = {
        **os.environ,
        "ERP_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "ERP_TOPIC_PREFIX": settings.topic_prefix,
    }
    sizes = ["--commands", str(commands), "--items", str(items), "--lines", str(lines)]
    command = [sys.executable, "-m", "deploy.bench.commerce", *sizes, "--run", run]
    producer = subprocess.Popen(  # our own module
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    if not producer.stdout or producer.stdout.readline().strip() != READY.encode():
        raise RuntimeError("the producer failed")
    return producer


def _let_go(producer: "subprocess.Popen[bytes]") -> None:
    """Give the word: it waits for a line, whatever that says."""
    if not producer.stdin:
        raise RuntimeError("the producer does not listen")
    producer.stdin.write(b"\n")
    producer.stdin.flush()


def _until_shared(started: list[Part], workers: int) -> None:
    """Wait until the group has settled: every worker has partitions."""
    deadline = time.monotonic() + 30
    while workers > 1 and time.monotonic() < deadline:
        if all("stockyard_consumer_lag{" in part.page("/metrics") for part in started):
            return
        time.sleep(0.2)


def _stages(started: list[Part]) -> dict[str, float]:
    """Processor seconds by stage, over all workers."""
    total: defaultdict[str, float] = defaultdict(float)
    for part in started:
        for stage, seconds in _STAGE.findall(part.page("/metrics")):
            total[stage] += float(seconds)
    return total


_APPLIED: Final = """
SELECT count(*) FROM journal WHERE tenant_id = 'default' AND record LIKE '{"kind":"command"%'
    AND record LIKE '%"status":"applied"%'
"""


def _applied(settings: Settings) -> int:
    with psycopg.connect(settings.ledger_url) as connection:
        row = connection.execute(_APPLIED).fetchone()
    return int(row[0]) if row else 0


class _Results:
    """How many results have come onto their topic since this was made, by its end offsets."""

    def __init__(self, settings: Settings) -> None:
        self._topic = results_topic(settings.topic_prefix)
        self._consumer = Consumer({**client_config(settings), "group.id": "bench"})
        topics = self._consumer.list_topics(self._topic, timeout=10).topics
        self._partitions = list(topics[self._topic].partitions)
        self._start = self._end()

    def _end(self) -> Counter[int]:
        return Counter(
            {
                number: self._consumer.get_watermark_offsets(
                    TopicPartition(self._topic, number), timeout=10
                )[1]
                for number in self._partitions
            }
        )

    def seen(self) -> int:
        """The number so far."""
        return self._end().total() - self._start.total()

    def wait_for(self, results: int, began: float) -> float:
        """Seconds from `began` until that many are there."""
        while self.seen() < results:
            if time.monotonic() - began > DRAIN_SECONDS_MAX:
                raise RuntimeError(
                    f"{self.seen()} of {results} results after {DRAIN_SECONDS_MAX} s"
                )
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - began
