"""The whole pipeline for tests: real topics, workers as child processes, results read back."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pydantic import SecretStr

from asks import Ask
from deploy.kafka.apply import declared, durability
from deploy.machine.children import tail_of
from fault_table import Fault
from found import Found, Settled
from invariants import prove
from processes import WAIT_SECONDS, Process, eventually, start
from producers.kafka_config import client_config
from schemas.settings import Settings
from schemas.topics import commands_topic, deadletter_topic, events_topic, results_topic, shard_of
from tail import QUIET, Tail

MODULES = ("catalog", "stock", "reservations", "transfers", "receiving")


@pytest.fixture
def pipeline(kafka, database_url, topic_prefix) -> Iterator["Pipeline"]:
    """Topics and a database of the test's own; its processes end with it."""
    settings = Settings(
        kafka_bootstrap_servers=kafka.bootstrap_servers,
        database_url=SecretStr(database_url),
        topic_prefix=topic_prefix,
    )
    pipeline = Pipeline(settings)
    pipeline.make_topics()
    yield pipeline
    pipeline.close()


@pytest.fixture
def proved(request) -> Iterator[None]:
    """Holds every pipeline of a test against the invariants when the test is over."""
    ground = ("kafka_network", "postgres_network", "small_disk")  # outlives what stands on it
    names = ("pipeline", "own_broker", "own_postgres", "own_cluster")
    used = [request.getfixturevalue(n) for n in (*ground, *names) if n in request.fixturenames]
    yield
    for pipeline in used:
        if isinstance(pipeline, Pipeline):
            pipeline.prove()


@dataclass(slots=True)
class Pipeline:
    """One test's topics and database, and whoever works on them."""

    settings: Settings
    modules: Sequence[str] = MODULES
    copies: int = 1
    """Of each partition: more than one needs a cluster."""
    spoilt: set[str] = field(default_factory=set)
    """Modules whose topic of commands the test itself destroyed."""
    workers: list[Process] = field(default_factory=list)
    others: list[Process] = field(default_factory=list)
    sent: list[Ask] = field(default_factory=list)
    """Acknowledged by the broker."""
    unsure: list[Ask] = field(default_factory=list)
    """Sent, and never acknowledged: each may be applied once, or not at all."""
    faults: list[Fault] = field(default_factory=list)
    settled: Settled = field(default_factory=Settled)
    """What earlier proofs of a long test have settled."""
    server: Any = None
    """The one that is this test's own to kill."""
    _logs: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="stockyard-workers-")))
    _producer: Producer | None = None
    _tails: dict[str, Tail] = field(default_factory=dict)

    @property
    def whole_modules(self) -> list[str]:
        """Those whose topic of commands still holds all that was sent."""
        return [module for module in self.modules if module not in self.spoilt]

    def make_topics(self) -> None:
        """Those of the modules, as declared, and the ones that all of them share."""
        prefix = self.settings.topic_prefix
        wanted = {results_topic(prefix), deadletter_topic(prefix)}
        wanted |= {
            topic(prefix, m) for m in self.modules for topic in (commands_topic, events_topic)
        }
        self._make(wanted)

    def make_topics_again(self, module: str) -> None:
        """A module's topic of commands, after somebody deleted it."""
        self._make({commands_topic(self.settings.topic_prefix, module)})

    def remake(self, module: str) -> None:
        """Delete a module's topic of commands with all that it holds, and make it anew."""
        topic = commands_topic(self.settings.topic_prefix, module)
        admin = self.admin()
        admin.delete_topics([topic])[topic].result(WAIT_SECONDS)
        eventually("it is gone", lambda: topic not in admin.list_topics(timeout=10).topics)
        self.make_topics_again(module)

    def forget_topics(self) -> None:
        """Read every topic from its beginning: it is not the one that was there before."""
        for tail in self._tails.values():
            tail.close()
        self._tails.clear()

    def _make(self, wanted: set[str]) -> None:
        new = [
            NewTopic(
                each.name,
                each.partitions,
                self.copies,
                config={**each.config, **durability(self.copies)},
            )
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

    def start(self, *modules: str, fault: str = "", **settings: Any) -> Process:
        """A worker of the modules, all by default; `fault` as `schemas.failpoints` reads it."""
        worker = self._start("worker", *(modules or MODULES), fault=fault, **settings)
        self.workers.append(worker)
        return worker

    def run(self, *words: str, fault: str = "", **settings: Any) -> Process:
        """Another of our commands: relay, projector, edge, verify, ..."""
        process = self._start(*words, fault=fault, **settings)
        self.others.append(process)
        return process

    def _start(self, *words: str, fault: str, **settings: Any) -> Process:
        number = len(self.workers) + len(self.others)
        log = self._logs / f"{number}-{words[0]}.log"
        return start(self.settings, log, *words, fault=fault, **settings)

    def forget_producer(self) -> None:
        """Send by a new one from now on."""
        self._producer = None

    def producer(self) -> Producer:
        if self._producer is None:
            config = {
                **client_config(self.settings),
                "log_level": QUIET,
                "enable.idempotence": True,
                "linger.ms": 2,
                "message.max.bytes": 2_000_000,
            }
            self._producer = Producer(config)
        return self._producer

    def send(self, *asks: Ask, partition: int = 0) -> None:
        """Send commands to a partition of their modules' topics, in their order, acknowledged."""
        unsure = len(self.unsure)
        self.try_send(*asks, partition=partition)
        self.settle()
        assert len(self.unsure) == unsure, "the broker took not all that was sent"

    def try_send(self, *asks: Ask, partition: int = 0) -> None:
        """The same without a wait: `sent` has those acknowledged so far, `unsure` those given up."""
        for each in asks:
            topic = commands_topic(self.settings.topic_prefix, each.module)
            self.producer().produce(
                topic,
                each.value,
                each.key.encode(),
                partition,
                on_delivery=lambda error, _, each=each: self._told(each, error),
                headers=each.raw_headers,
            )
            self.producer().poll(0)

    def _told(self, each: Ask, error: Any) -> None:
        (self.unsure if error else self.sent).append(each)

    def send_raw(
        self,
        value: bytes | None,
        headers: Any,
        module: str = "reservations",
        key: bytes | None = None,
        timestamp: int = 0,
    ) -> None:
        """Send a record of any kind, command or not, to partition 0, acknowledged."""
        self.try_send_raw(value, headers, module, key, timestamp)
        self.settle()

    def try_send_raw(
        self,
        value: bytes | None,
        headers: Any,
        module: str,
        key: bytes | None = None,
        timestamp: int = 0,
    ) -> None:
        """The same without a wait."""
        topic = commands_topic(self.settings.topic_prefix, module)
        self.producer().produce(topic, value, key, 0, headers=headers, timestamp=timestamp)

    def settle(self) -> None:
        assert self.producer().flush(WAIT_SECONDS) == 0, "the broker took not all that was sent"

    def ends(self, topic: str) -> list[tuple[int, int]]:
        """Each partition of a topic, and the offset behind its last record."""
        return self._tail(topic).ends()

    def begin_of(self, topic: str) -> int:
        """The first offset that partition 0 still holds."""
        return self._tail(topic).begin()

    def read(self, topic: str) -> list[Any]:
        """Every record that stands in a topic now, each partition's in its order."""
        return self._tail(topic).read()

    def _tail(self, topic: str) -> Tail:
        if topic not in self._tails:
            self._tails[topic] = Tail(self.settings, topic)
        return self._tails[topic]

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

    def fault(self, name: str) -> Fault:
        """Announce the fault that a test is about to make; `prove` asks whether it happened."""
        self.faults.append(Fault(name))
        return self.faults[-1]

    def converge(self, within_seconds: float = WAIT_SECONDS) -> None:
        """Wait until every command that was acknowledged has its result."""
        if self.sent:
            self.answers(*self.sent, within_seconds=within_seconds)
        for fault in self.faults:
            fault.recovered()

    def prove(self) -> None:
        """Converge, and hold all that was sent, stored and published against the invariants."""
        self.converge()
        duplicates, fences = prove(self), self.fences()
        for fault in self.faults:  # of several, the last one has the copies of all
            fault.tell(*((duplicates, fences) if fault is self.faults[-1] else (0, 0)))

    def fences(self) -> int:
        """How often the workers that live were kept from doing something a second time."""
        counted = ("stockyard_redelivered_total", "stockyard_leases_lost_total")
        alive = [worker for worker in self.workers if worker.lives()]
        return sum(int(worker.metric(name)) for worker in alive for name in counted)

    def forget(self) -> None:
        """Let go of what was proved: a long test's proofs and memory grow with its last part only."""
        self.settled = Found(self).settle()
        self.sent.clear()
        self.unsure.clear()
        for tail in self._tails.values():
            tail.forget()

    def close(self) -> None:
        for process in (*self.workers, *self.others):
            process.kill()
        for tail in self._tails.values():
            tail.close()
        print(self.logs())  # noqa: T201  # shown with a test that failed
        shutil.rmtree(self._logs)

    def logs(self) -> str:
        return "\n".join(
            f"{each.log}\n{tail_of(each.log)}" for each in (*self.workers, *self.others)
        )
