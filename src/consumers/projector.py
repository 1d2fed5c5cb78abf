"""The projector: folds the events of every module, and all results, into the read tables."""

import gc
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic, thread_time, time
from typing import Final, cast

import psycopg
import structlog
from confluent_kafka import KafkaException
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from consumers import projector_metrics as metrics
from consumers.backlog import Backlog
from consumers.isolate import passes
from consumers.places import HaltError, Place, Stands
from consumers.project import Projected, Record, UnprojectableError, isolated, project
from consumers.projections.command_result import prune
from consumers.reader import Positions, Reader, WedgedError
from ledger import read_progress
from ledger.connection import Transaction, connect
from ledger.migrate import READ_SCHEMA
from ledger.read_progress import FencedError, Partition
from producers.kafka_topics import existing
from producers.process import Process
from schemas.settings import Settings
from schemas.topics import MODULES, consumer_group, events_topic, results_topic, shard_of

log = structlog.get_logger()

POLL_SECONDS: Final = 0.25
REPORT_SECONDS: Final = 1.0
LAG_SECONDS: Final = 5.0
PRUNE_SECONDS: Final = 60.0
PASSING_SECONDS_MAX: Final = 30
PAUSE_SECONDS_MAX: Final = 10.0


def run(settings: Settings) -> int:
    """Project until a signal comes or a record cannot be. Returns the exit code: 1 after a halt.

    A server that is away is waited for; after half a minute the partitions are given up and the
    whole begins anew, with a pause that grows to ten seconds, for as long as it takes.
    """
    process = Process(settings, "events")
    gc.freeze()
    gc.disable()  # a batch makes no cycles; they are looked for between batches only, as by workers
    pause = 1.0
    try:
        while not process.asked_to_stop():
            gc.collect()  # the member that went, a circle of clients with their connections
            began = monotonic()
            try:
                _Member(settings, process).follow()
            except (psycopg.Error, KafkaException, FencedError, WedgedError) as error:
                if isinstance(error, psycopg.Error) and not passes(error):
                    raise
                pause = 1.0 if monotonic() - began > PAUSE_SECONDS_MAX else pause
                metrics.RESTARTS.labels(type(error).__name__).inc()
                log.warning("begins anew", why=str(error), in_seconds=pause)
                process.health.set("events", "waits for a server")
                process.asked_to_stop(pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)
    except (HaltError, UnprojectableError) as error:
        log.error("halted", why=str(error), cure="stockyard rebuild")  # noqa: TRY400  # no trace needed
        process.health.set("events", "halted")
        return 1
    finally:
        process.close()
    return 0


class _Member:
    """A member of the projectors' group, until the first trouble that a retry does not mend."""

    def __init__(self, settings: Settings, process: Process) -> None:
        self._settings = settings
        self._process = process
        self._prefix = settings.topic_prefix
        self._results = results_topic(self._prefix)
        self._group = consumer_group(self._prefix, "projector")
        self._connection: Transaction | None = None
        self._stood: dict[Partition, int] = {}
        self._uncommitted: dict[Place, int] = {}
        self._reported_at = self._looked_at = self._pruned_at = 0.0

    def follow(self) -> None:
        """Fold what comes until asked to stop.

        Raises:
            HaltError, UnprojectableError: going on would lose something.
            FencedError, WedgedError, psycopg.Error, KafkaException: begin anew.
        """
        self._session()
        self._reader = Reader(
            self._settings,
            self._group,
            self._topics(),
            Positions(self._stands, self._bind),
        )
        self._backlog = Backlog(self._group, self._reader)
        try:
            while not self._process.asked_to_stop():
                self._turn()
        finally:
            self._backlog.close()
            self._reader.close()
            if self._connection is not None:
                self._connection.close()

    def _topics(self) -> list[str]:
        """What there is to read: the declared topics that the broker has."""
        wanted = [events_topic(self._prefix, module) for module in MODULES]
        there = existing(self._settings)
        found = [topic for topic in [*wanted, self._results] if topic in there]
        if not found:
            raise HaltError(
                f"no topic of {self._prefix}.events exists: run `stockyard topics apply`"
            )
        return found

    def _turn(self) -> None:
        polled = self._reader.poll(self._settings.batch_records_max, POLL_SECONDS)
        messages = [
            each
            for each in cast("list[Record]", polled)
            if Place(each.topic(), each.partition()) in self._reader.owned
        ]
        if messages:
            self._work(messages)
            messages.clear()
            gc.collect(1)
        else:
            metrics.SECONDS_BEHIND.set(0)
        self._report()

    def _work(self, messages: Sequence[Record]) -> None:
        began, cpu = monotonic(), thread_time()
        for done in isolated(self._project, messages):
            self._count(done)
        metrics.CPU_SECONDS.labels("project").inc(thread_time() - cpu)
        metrics.BATCH_SECONDS.observe(monotonic() - began)
        metrics.BATCH_EVENTS.observe(len(messages))
        metrics.SECONDS_BEHIND.set(_age(messages[0]))

    def _project(self, messages: Sequence[Record]) -> Projected:
        """One transaction; the server's passing troubles are waited out, for a while."""
        patience = Retrying(
            retry=retry_if_exception(passes),
            stop=stop_after_delay(PASSING_SECONDS_MAX),
            wait=wait_random_exponential(multiplier=0.1, max=3),
            before_sleep=_note,
            reraise=True,
        )
        done = patience(lambda: project(self._session(), messages, self._results, self._stood))
        self._stood |= done.next_offsets
        self._uncommitted |= {Place(*at): offset for at, offset in done.next_offsets.items()}
        return done

    @staticmethod
    def _count(done: Projected) -> None:
        for kind, number in done.folded.types.items():
            metrics.PROJECTED.labels(kind).inc(number)
        for kind, number in done.folded.passed_over.items():
            metrics.PASSED_OVER.labels(kind).inc(number)
        for table, number in done.folded.no_news.items():
            metrics.NO_NEWS.labels(table).inc(number)

    def _report(self) -> None:
        """Show that we move; once a second say how we are, once a minute forget what is old."""
        self._process.health.beat()
        now = monotonic()
        if now - self._reported_at < REPORT_SECONDS:
            return
        self._reported_at = now
        self._process.health.set("events", "ok" if self._reader.joined else "joining its group")
        if now - self._looked_at > LAG_SECONDS:
            self._looked_at = now
            self._backlog.look()
        if self._uncommitted:
            self._reader.commit(self._uncommitted)
            self._uncommitted = {}
        if now - self._pruned_at > PRUNE_SECONDS:
            self._pruned_at = now
            with self._session().transaction():
                prune(self._session(), self._settings.idempotency_retention)

    def _session(self) -> Transaction:
        """The session with the read tables, opened anew after it broke."""
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = open_session(self._settings, READ_SCHEMA, "stockyard projector")
        return self._connection

    def _stands(self, places: Sequence[Place]) -> Mapping[Place, Stands]:
        shards = {(place.topic, place.partition): self._shard(place) for place in places}
        connection = self._session()
        with connection.transaction():
            read_progress.create(connection, shards)
            found = read_progress.stands(connection, shards)
        self._stood |= {at: offset for at, (offset, _) in found.items()}
        return {Place(*at): Stands(*stands) for at, stands in found.items()}

    def _shard(self, place: Place) -> int | None:
        if place.topic == self._results:
            return None
        return shard_of(place.topic.rpartition(".")[2], place.partition)

    def _bind(self, places: Sequence[Place], topic_id: str) -> None:
        connection = self._session()
        with connection.transaction():
            read_progress.bind(
                connection, [(place.topic, place.partition) for place in places], topic_id
            )


def open_session(settings: Settings, schema: str, name: str) -> Transaction:
    """A session that writes the read tables of one schema.

    It does not wait for the disk: what a crash of the server takes back is read again, since the
    offsets go back with it.

    Raises:
        psycopg.OperationalError: the server does not answer.
    """
    connection = connect(settings.read_url, name)
    connection.autocommit = True
    connection.execute(f"SET search_path = {schema}")
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET jit = off")
    return connection


def _note(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    metrics.RETRIES.labels(type(error).__name__).inc()
    log.warning("a batch is tried again", error=str(error), attempt=state.attempt_number)


def _age(message: Record) -> float:
    """How long ago the ledger took down what a record tells, in seconds.

    Of a result, which does not state it: since it was published.
    """
    stated = dict(message.headers() or []).get("ce_time")
    if stated is None:
        return max(0.0, time() - message.timestamp()[1] / 1000)
    return max(0.0, time() - datetime.fromisoformat(stated.decode()).timestamp())
