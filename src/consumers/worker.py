"""The worker: one consumer group's member for each of its modules, each in a thread of its own."""

import gc
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from time import monotonic
from typing import Final

import psycopg
import structlog
from confluent_kafka import KafkaException

from consumers import metrics
from consumers.apply import Batch, Flushed, Rules, apply
from consumers.failpoints import reached
from consumers.isolate import apply_isolated
from consumers.parse import Record, parse
from consumers.parse import Rules as ParseRules
from consumers.reader import Delivered, HaltError, Place, Positions, Reader, Stands
from consumers.shard_publisher import ShardPublisher
from consumers.stages import Stages
from ledger import shards
from ledger.connection import Transaction, connect
from producers.process import Process
from producers.publisher import PublishError
from schemas.settings import Settings
from schemas.topics import commands_topic, consumer_group, shard_of

log = structlog.get_logger()

POLL_SECONDS: Final = 0.25
EXPIRE_SECONDS: Final = 0.5
LAG_SECONDS: Final = 5.0
LOOK_UPS_AFTER_A_REPEAT: Final = 100


def run(modules: Sequence[str], settings: Settings) -> int:
    """Work until a signal comes or a module halts. Returns the exit code: 1 after a halt."""
    process = Process(settings, *modules)
    _tame_the_collector()
    threads = [Module(name, settings, process) for name in modules]
    for thread in threads:
        thread.start()
    while not process.asked_to_stop(1.0):
        process.health.beat()
        if not all(thread.is_alive() for thread in threads):
            process.stop()
    for thread in threads:
        thread.join(timeout=30.0)
    process.close()
    stuck = [thread.name for thread in threads if thread.is_alive()]
    if stuck:
        log.error("left behind at the stop", modules=stuck)
        os._exit(1)
    return 1 if any(thread.failed for thread in threads) else 0


def _tame_the_collector() -> None:
    """Look for cyclic garbage between batches only.

    A batch makes a hundred thousand objects, none of them in a cycle. Left on, the collector
    would search them again and again while the batch grows: it cost two fifths of the time.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


class Module(Thread):
    """The loop of one module: poll, parse, load, decide, flush, publish."""

    def __init__(self, name: str, settings: Settings, process: Process) -> None:
        super().__init__(name=name)
        self.failed = False
        self._settings = settings
        self._process = process
        self._prefix = settings.topic_prefix
        self._connection: Transaction | None = None
        self._expired_at = self._lag_at = 0.0
        self._publishing = True
        self._look_ups = 0  # batches to come that look for repeats beforehand
        self._first_shard = shard_of(name, 0)
        self._parse_rules = ParseRules(
            name, settings.default_tenant, frozenset(settings.source_systems)
        )

    def run(self) -> None:
        """Loop until asked to stop. What cannot be mended here ends the process."""
        structlog.contextvars.bind_contextvars(module=self.name)
        try:
            self._loop()
        except HaltError as error:
            log.error("halted", why=str(error))  # noqa: TRY400  # the message is the whole story
            self._process.health.set(self.name, "halted")
            self.failed = True
        except Exception:
            log.exception("stopped by an error")
            self.failed = True

    def _loop(self) -> None:
        self._stages = Stages(self.name)
        self._publisher = ShardPublisher(self._settings, self.name, self._session)
        self._rules = Rules(
            self.name, self._prefix, self._settings.default_tenant, self._publisher.answer
        )
        self._reader = Reader(
            self._settings,
            consumer_group(self._prefix, self.name),
            [commands_topic(self._prefix, self.name)],
            Positions(self._stands, self._bind, self._release),
        )
        try:
            while not self._process.asked_to_stop():
                self._turn()
        finally:
            self._publisher.close()
            self._reader.close()

    def _turn(self) -> None:
        """One turn of the loop; the servers' trouble is waited out, ours is not."""
        try:
            messages = self._reader.poll(self._settings.batch_records_max, POLL_SECONDS)
        except (psycopg.Error, KafkaException) as error:
            raise HaltError(f"cannot take partitions: {error}") from error
        self._stages.passed("poll")
        self._take_over()
        if messages:
            self._work(messages)
            messages.clear()
            gc.collect(1)
        else:
            self._idle()
        self._report()

    def _take_over(self) -> None:
        """Publish what was left unpublished of the partitions that came to us."""
        if self._publishing:
            gained = [shard_of(self.name, place.partition) for place in self._reader.gained]
        else:
            gained = self._owned()
        if gained and self._guarded(lambda: self._publisher.take(gained)):
            self._reader.gained.clear()

    def _guarded(self, publish: Callable[[], None]) -> bool:
        """Publish; where that fails the journal keeps it all, and the next turn tries again."""
        try:
            publish()
        except (PublishError, psycopg.Error) as error:
            log.warning("publishing waits", error=str(error))
            self._publishing = False
        else:
            self._publishing = True
        return self._publishing

    def _owned(self) -> list[int]:
        return sorted(shard_of(self.name, place.partition) for place in self._reader.owned)

    def _work(self, messages: Sequence[Delivered]) -> None:
        """A batch, from records to results."""
        reached("w.after_poll")
        began = monotonic()
        batch = parse([self._record(message) for message in messages], self._parse_rules)
        self._stages.passed("parse")
        for flushed in self._apply_isolated(batch):
            metrics.BATCH_SECONDS.labels(self.name).observe(monotonic() - began)
            self._publish(flushed)
        reached("w.after_publish")
        self._stages.passed("publish")
        metrics.BATCH_COMMANDS.labels(self.name).observe(len(batch))
        self._reader.commit(
            {Place(each.topic(), each.partition()): each.offset() + 1 for each in messages}
        )
        reached("w.after_kafka_commit")

    def _record(self, message: Delivered) -> Record:
        return Record(
            self._first_shard + message.partition(),
            message.offset(),
            message.timestamp()[1],
            message.key(),
            message.value(),
            message.headers(),
        )

    def _apply_isolated(self, batch: Batch) -> list[Flushed]:
        """Apply a batch. Where repeats were met lately, they are looked for beforehand."""
        self._look_ups = max(0, self._look_ups - 1)
        return apply_isolated(self._apply, batch, self.name, look_up=self._look_ups > 0)

    def _apply(self, batch: Batch, *, expire: bool, look_up: bool) -> Flushed:
        if look_up and not self._look_ups:
            self._look_ups = LOOK_UPS_AFTER_A_REPEAT
        return apply(
            self._session(),
            batch,
            self._owned(),
            self._rules,
            self._stages,
            expire=expire,
            look_up=look_up,
        )

    def _idle(self) -> None:
        """Nothing to read: mark what has arrived, and let reservations expire."""
        self._guarded(self._publisher.settle)
        if self.name != "reservations" or monotonic() - self._expired_at < EXPIRE_SECONDS:
            return
        self._expired_at = monotonic()
        if self._reader.owned:
            for flushed in self._apply_isolated([]):
                self._publish(flushed)

    def _publish(self, flushed: Flushed) -> None:
        self._guarded(lambda: self._publisher.publish(flushed))
        self._count(flushed)

    def _count(self, flushed: Flushed) -> None:
        metrics.REDELIVERED.labels(self.name).inc(flushed.redelivered)
        outcomes = Counter(
            record["status"] for record in flushed.records if record["kind"] == "command"
        )
        outcomes.update(
            "replayed" if answer.replayed else "key_reused"
            for answer in (*flushed.answered, *flushed.answers)
        )
        for outcome, times in outcomes.items():
            metrics.COMMANDS.labels(self.name, outcome).inc(times)
        for record in flushed.records:
            if record["kind"] == "dead_letter":
                metrics.DEAD_LETTERS.labels(self.name, record["letter"]["reason"]).inc()

    def _report(self) -> None:
        """Say how we are, a few times a minute."""
        state = "ok" if self._publishing else "cannot publish"
        self._process.health.set(self.name, state if self._reader.joined else "joining its group")
        if monotonic() - self._lag_at > LAG_SECONDS:
            self._lag_at = monotonic()
            group = consumer_group(self._prefix, self.name)
            for place, lag in self._reader.lag().items():
                metrics.LAG.labels(group, place.topic, str(place.partition)).set(lag)

    def _session(self) -> Transaction:
        """The session with the ledger, opened anew after it broke."""
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = connect(
                self._settings.ledger_url, f"stockyard worker {self.name}", batches=True
            )
            self._connection.autocommit = True
        return self._connection

    def _stands(self, places: Sequence[Place]) -> Mapping[Place, Stands]:
        numbers = {place: shard_of(self.name, place.partition) for place in places}
        connection = self._session()
        with connection.transaction():
            shards.create(connection, numbers.values())
            found = shards.positions(connection, numbers.values())
        return {place: Stands(*found[number]) for place, number in numbers.items()}

    def _bind(self, places: Sequence[Place], topic_id: str) -> None:
        connection = self._session()
        with connection.transaction():
            shards.bind(connection, [shard_of(self.name, p.partition) for p in places], topic_id)

    def _release(self, places: Sequence[Place]) -> None:
        """Mark all that was published, so that the next owner does not publish it again."""
        gone = [self._first_shard + place.partition for place in places]
        self._guarded(lambda: self._publisher.release(gone))
