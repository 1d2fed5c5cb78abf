"""The whole pipeline for tests: real topics, workers as child processes, results read back."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from asks import Ask
from deploy.kafka.apply import declared
from deploy.machine.children import Child, spawn, tail_of
from ledger.verify import run as verify
from producers.kafka_config import client_config
from schemas.settings import Settings
from schemas.topics import commands_topic, deadletter_topic, events_topic, results_topic, shard_of

ROOT = Path(__file__).resolve().parents[1]
WAIT_SECONDS = 40.0
POLL_SECONDS = 0.05
MODULES = ("catalog", "stock", "reservations")


def eventually(what: str, is_so: Callable[[], Any], within_seconds: float = WAIT_SECONDS) -> Any:
    """Wait for something to become true and return it; what it was about is told when it does not."""
    deadline = time.monotonic() + within_seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"not within {within_seconds:.0f} s: {what}"
        time.sleep(POLL_SECONDS)
    return found


@dataclass(slots=True)
class Worker:
    """A worker in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    def ended(self, within_seconds: float = WAIT_SECONDS) -> int:
        """Its exit code; the negative signal that ended it."""
        return self.process.wait(within_seconds)

    def state(self) -> str:
        """As the kernel has it: `T` is stopped."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def is_stopped(self) -> bool:
        return self.state() == "T"

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        """Ask it to stop, and wait."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(WAIT_SECONDS)

    def says(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass(slots=True)
class Pipeline:
    """One test's topics and database, and whoever works on them."""

    settings: Settings
    workers: list[Worker] = field(default_factory=list)
    sent: list[Ask] = field(default_factory=list)
    servers: Any = None
    """The directory and the running server that are this test's own to kill."""
    _logs: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="stockyard-workers-")))
    _producer: Producer | None = None
    _tails: dict[str, "Tail"] = field(default_factory=dict)

    def make_topics(self, modules: Sequence[str] = MODULES) -> None:
        """Those of the modules, as declared, and the ones that all of them share."""
        prefix = self.settings.topic_prefix
        wanted = {results_topic(prefix), deadletter_topic(prefix)}
        wanted |= {topic(prefix, m) for m in modules for topic in (commands_topic, events_topic)}
        self._make(wanted)

    def make_topics_again(self, module: str) -> None:
        """A module's topic of commands, after somebody deleted it."""
        self._make({commands_topic(self.settings.topic_prefix, module)})

    def _make(self, wanted: set[str]) -> None:
        new = [
            NewTopic(each.name, each.partitions, 1, config=each.config)
            for each in declared(self.settings.topic_prefix)
            if each.name in wanted
        ]
        admin = self.admin()  # lives until it has answered
        for made in admin.create_topics(new).values():
            made.result(WAIT_SECONDS)

    def delete_records(self, topic: str, *, before: int) -> None:
        """Lose the beginning of partition 0, as retention does."""
        admin = self.admin()
        for done in admin.delete_records([TopicPartition(topic, 0, before)]).values():
            done.result(WAIT_SECONDS)

    def admin(self) -> AdminClient:
        return AdminClient(client_config(self.settings))

    def start(self, *modules: str, fault: str = "", **settings: Any) -> Worker:
        """A worker of the modules, all by default; `fault` as `consumers.failpoints` reads it."""
        known = self.settings
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ERP_")},
            "ERP_DATABASE_URL": known.ledger_url,
            "ERP_KAFKA_BOOTSTRAP_SERVERS": known.kafka_bootstrap_servers,
            "ERP_TOPIC_PREFIX": known.topic_prefix,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            **({"ERP_TEST": "1", "FAULT": fault} if fault else {}),
            **{f"ERP_{name.upper()}": str(value) for name, value in settings.items()},
        }
        log = self._logs / f"worker-{len(self.workers)}.log"
        command = [sys.executable, "-m", "deploy.main", "worker", *(modules or MODULES)]
        worker = Worker(spawn(Child(command, log=log, environment=environment)), log)
        self.workers.append(worker)
        return worker

    def producer(self) -> Producer:
        if self._producer is None:
            config = {
                **client_config(self.settings),
                "enable.idempotence": True,
                "linger.ms": 2,
                "message.max.bytes": 2_000_000,
            }
            self._producer = Producer(config)
        return self._producer

    def send(self, *asks: Ask, partition: int = 0) -> None:
        """Send commands to a partition of their modules' topics, in their order, acknowledged."""
        for each in asks:
            topic = commands_topic(self.settings.topic_prefix, each.module)
            self._produce(topic, partition, each.value, each.raw_headers, each.key.encode())
        self.settle()
        self.sent += asks

    def send_raw(
        self,
        value: bytes | None,
        headers: Any,
        module: str = "reservations",
        key: bytes | None = None,
    ) -> None:
        """Send a record of any kind, command or not, to partition 0."""
        topic = commands_topic(self.settings.topic_prefix, module)
        self._produce(topic, 0, value, headers, key)
        self.settle()

    def _produce(self, topic: str, partition: int, value: Any, headers: Any, key: Any) -> None:
        failed: list[Any] = []
        self.producer().produce(
            topic, value, key, partition,
            on_delivery=lambda error, _: failed.append(error) if error else None,
            headers=headers,
        )  # fmt: skip
        assert not failed, failed

    def settle(self) -> None:
        assert self.producer().flush(WAIT_SECONDS) == 0, "the broker took not all that was sent"

    def read(self, topic: str) -> list[Any]:
        """Every record that stands in a topic now, each partition's in its order."""
        if topic not in self._tails:
            self._tails[topic] = Tail(self.settings, topic)
        return self._tails[topic].read()

    def results(self) -> dict[str, list[dict[str, Any]]]:
        """Every result that was published so far, by the request that asked."""
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.read(results_topic(self.settings.topic_prefix)):
            result = orjson.loads(message.value())
            found.setdefault(result["request_id"], []).append(result)
        return found

    def answers(self, *asks: Ask, within_seconds: float = WAIT_SECONDS) -> list[dict[str, Any]]:
        """The first result of each ask, waited for."""
        wanted = {each.headers["Request-Id"] for each in asks}

        def all_there() -> Any:
            found = self.results()
            return found if wanted <= found.keys() else None

        found = eventually(f"{len(wanted)} results", all_there, within_seconds)
        return [found[each.headers["Request-Id"]][0] for each in asks]

    def dead_letters(self, count: int) -> list[Any]:
        """So many dead letters, waited for."""
        topic = deadletter_topic(self.settings.topic_prefix)

        def there() -> Any:
            found = self.read(topic)
            return found if len(found) >= count else None

        found = eventually(f"{count} dead letters", there)
        assert len(found) == count
        return found

    def ask(self, *asks: Ask, partition: int = 0) -> list[dict[str, Any]]:
        """Send commands and wait for their results."""
        self.send(*asks, partition=partition)
        return self.answers(*asks)

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.ledger_url, autocommit=True) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def execute(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.settings.ledger_url) as connection:
            connection.execute(statement.encode(), values)

    def next_offset(self, module: str = "reservations", partition: int = 0) -> int:
        """How far the database has applied a partition."""
        rows = self.query(
            "SELECT next_offset FROM shard WHERE shard = %s", shard_of(module, partition)
        )
        return int(rows[0][0]) if rows else 0

    def converge(self) -> None:
        """Wait until every command that was sent has its result."""
        if self.sent:
            self.answers(*self.sent)

    def verify(self) -> None:
        """Prove the ledger; and that each command had one effect, and all its results say which."""
        self.converge()
        report = verify(self.settings.ledger_url, timedelta(days=30))
        assert report.passed, "\n".join(report.lines())
        records = [orjson.loads(text) for (text,) in self.query("SELECT record FROM journal")]
        effects = Counter(each.get("idempotency_key") for each in records)
        results = self.results()
        for each in self.sent:
            assert effects[each.key] == 1, f"{effects[each.key]} effects of {each.key}"
            told = results[each.headers["Request-Id"]]
            assert all(_same(told[0], other) for other in told), told

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
        for tail in self._tails.values():
            tail.close()
        print(self.logs())  # noqa: T201  # shown with a test that failed
        shutil.rmtree(self._logs)

    def logs(self) -> str:
        return "\n".join(f"{each.log}\n{tail_of(each.log)}" for each in self.workers)


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two results say the same; one of them may say so again."""
    return {**one, "replayed": None} == {**other, "replayed": None}


class Tail:
    """A topic read from its beginning, as far as it goes."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._consumer = Consumer(
            {
                **client_config(settings),
                "group.id": "tail",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 20,
            }
        )
        partitions = self._consumer.list_topics(topic, WAIT_SECONDS).topics[topic].partitions
        self._places = [TopicPartition(topic, number, 0) for number in sorted(partitions)]
        self._consumer.assign(self._places)
        self._found: dict[int, list[Any]] = {number: [] for number in sorted(partitions)}

    def read(self) -> list[Any]:
        """All its records until now."""
        ends = {
            at.partition: eventually("its end", lambda at=at: self._end(at)) for at in self._places
        }
        deadline = time.monotonic() + WAIT_SECONDS
        while any(self._reached(number) < end for number, (end,) in ends.items()):
            assert time.monotonic() < deadline, f"not read to its end: {ends}"
            message = self._consumer.poll(0.5)
            if message is not None and message.error() is None:
                self._found[message.partition()].append(message)
        return [message for found in self._found.values() for message in found]

    def _end(self, at: TopicPartition) -> tuple[int, ...] | None:
        """Where a partition ends, in a tuple; nothing while its leader is still being chosen."""
        try:
            return self._consumer.get_watermark_offsets(at, WAIT_SECONDS)[1:]
        except KafkaException:
            return None

    def _reached(self, number: int) -> int:
        found = self._found[number]
        return found[-1].offset() + 1 if found else 0

    def close(self) -> None:
        self._consumer.close()
