"""A member of a module's consumer group, and its loop: poll, parse, load, decide, flush, publish."""

import gc
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from threading import Event
from time import monotonic
from typing import Final

from consumers import metrics
from consumers.apply import Batch, Flushed, Rules, apply
from consumers.backlog import Backlog
from consumers.breaker import Limit
from consumers.delivered import Delivered
from consumers.isolate import apply_isolated
from consumers.parse import Record, parse
from consumers.parse import Rules as ParseRules
from consumers.places import Place, Stands
from consumers.reader import Positions, Reader
from consumers.shard_publisher import ShardPublisher
from consumers.stages import Stages
from ledger import shards
from ledger.connection import Transaction, connect
from schemas.failpoints import reached
from schemas.settings import Settings
from schemas.topics import COMMAND_PARTITIONS, commands_topic, consumer_group, shard_of

POLL_SECONDS: Final = 0.25
EXPIRE_SECONDS: Final = 0.5
LAG_SECONDS: Final = 5.0
LOOK_UPS_AFTER_A_REPEAT: Final = 100


class Member:
    """One membership, from joining the group to leaving it. Not for several threads.

    Its waits are cut short once the process is `stopping`.
    """

    def __init__(self, settings: Settings, module: str, stopping: Event) -> None:
        self._stopping = stopping
        self._settings = settings
        self._module = module
        self._group = consumer_group(settings.topic_prefix, module)
        self._first_shard = shard_of(module, 0)
        self._connection: Transaction | None = None
        self._expired_at = self._lag_at = 0.0
        self._look_ups = 0  # batches to come that look for repeats beforehand
        self._incarnations: dict[int, int] = {}
        self._stages = Stages(module)
        self._parse_rules = ParseRules(
            module,
            settings.topic_prefix,
            settings.default_tenant,
            frozenset(settings.source_systems),
        )
        self._publisher = ShardPublisher(settings, module, self._session, stopping)
        self._rules = Rules(
            module,
            settings.topic_prefix,
            settings.default_tenant,
            self._publisher.answer,
            Limit(settings.dead_letter_share_max, settings.dead_letter_window_records),
            self._incarnations,
        )
        self._reader = Reader(
            settings,
            self._group,
            [commands_topic(settings.topic_prefix, module)],
            Positions(self._stands, self._bind, self._release, self._lose),
            COMMAND_PARTITIONS,
        )
        self._backlog = Backlog(self._group, self._reader)

    @property
    def state(self) -> str:
        """How it is: "ok", or what is the matter."""
        if not self._reader.joined:
            return "joining its group"
        return "cannot publish" if self._publisher.behind else "ok"

    def turn(self) -> None:
        """One turn of the loop.

        Raises:
            HaltError: log and database contradict each other, or too much cannot be read.
            ResetError: somebody told a shard of ours to go on elsewhere.
            psycopg.Error, KafkaException, PublishError: a server was away for too long.
            WedgedError: records wait and nothing is read, or its group does not let it in.
        """
        messages = self._reader.poll(self._settings.batch_records_max, POLL_SECONDS)
        self._stages.passed("poll")
        self._publisher.take(self._shards(self._reader.gained))
        self._reader.gained.clear()
        if messages:
            self._work(messages)
            messages.clear()
            gc.collect(1)
        else:
            self._idle()
        self._measure_lag()

    def finish(self) -> None:
        """Publish what is left; what the broker does not take is left to the relay."""
        self._publisher.close()

    def leave(self) -> None:
        """Leave the group, and let go of the database."""
        with ExitStack() as last:  # each, whatever comes of the one before
            last.callback(self._disconnect)
            last.callback(self._backlog.close)
            last.callback(self._reader.close)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _work(self, messages: Sequence[Delivered]) -> None:
        """A batch, from records to results."""
        reached("w.after_poll")
        began = monotonic()
        # One after the other, so that a message's headers are read while the processor has them.
        batch = parse(map(self._record, messages), self._parse_rules)
        self._stages.passed("parse")
        for flushed in self._apply_isolated(batch):
            metrics.BATCH_SECONDS.labels(self._module).observe(monotonic() - began)
            self._publish(flushed)
        reached("w.after_publish")
        self._stages.passed("publish")
        metrics.BATCH_COMMANDS.labels(self._module).observe(len(batch))
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
            message.leader_epoch(),
        )

    def _apply_isolated(self, batch: Batch) -> list[Flushed]:
        """Apply a batch. Where repeats were met lately, they are looked for beforehand."""
        self._look_ups = max(0, self._look_ups - 1)
        return apply_isolated(
            self._apply, batch, self._module, look_up=self._look_ups > 0, stopping=self._stopping
        )

    def _apply(self, batch: Batch, *, expire: bool, look_up: bool) -> Flushed:
        if look_up and not self._look_ups:
            self._look_ups = LOOK_UPS_AFTER_A_REPEAT
        owned = self._shards(self._reader.owned)
        return apply(
            self._session(),
            batch,
            owned,
            self._rules,
            self._stages,
            expire=expire,
            look_up=look_up,
        )

    def _idle(self) -> None:
        """Nothing to read: mark what has arrived, and let reservations expire."""
        self._publisher.idle()
        if self._module != "reservations" or monotonic() - self._expired_at < EXPIRE_SECONDS:
            return
        self._expired_at = monotonic()
        if self._reader.owned:
            for flushed in self._apply_isolated([]):
                self._publish(flushed)

    def _publish(self, flushed: Flushed) -> None:
        self._publisher.publish(flushed)
        self._count(flushed)

    def _count(self, flushed: Flushed) -> None:
        metrics.REDELIVERED.labels(self._module).inc(flushed.redelivered)
        outcomes = Counter(
            record["status"] for record in flushed.records if record["kind"] == "command"
        )
        outcomes.update(
            "replayed" if answer.replayed else "key_reused"
            for answer in (*flushed.answered, *flushed.answers)
        )
        for outcome, times in outcomes.items():
            metrics.COMMANDS.labels(self._module, outcome).inc(times)
        for record in flushed.records:
            if record["kind"] == "dead_letter":
                metrics.DEAD_LETTERS.labels(self._module, record["letter"]["reason"]).inc()

    def _measure_lag(self) -> None:
        """Now and then say how much waits: in our metrics, and to lag tools by way of the broker."""
        if monotonic() - self._lag_at > LAG_SECONDS:
            self._lag_at = monotonic()
            self._reader.remind()
            self._backlog.look()

    def _session(self) -> Transaction:
        """The session with the ledger, opened anew after it broke."""
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = connect(
                self._settings.ledger_url, f"stockyard worker {self._module}", batches=True
            )
            self._connection.autocommit = True
        return self._connection

    def _shards(self, places: set[Place] | Sequence[Place]) -> list[int]:
        return sorted(self._first_shard + place.partition for place in places)

    def _stands(self, places: Sequence[Place]) -> Mapping[Place, Stands]:
        """Where the database stands in each partition; rows are made for new ones."""
        numbers = self._shards(places)
        connection = self._session()
        with connection.transaction():
            shards.create(connection, numbers)
            found = shards.positions(connection, numbers)
        self._incarnations |= {number: at.incarnation for number, at in found.items()}
        return {place: Stands(*found[self._first_shard + place.partition][:3]) for place in places}

    def _bind(self, places: Sequence[Place], topic_id: str) -> None:
        connection = self._session()
        with connection.transaction():
            shards.bind(connection, self._shards(places), topic_id)

    def _release(self, places: Sequence[Place]) -> None:
        """Mark all that was published, so that the next owner does not publish it again."""
        self._publisher.release(self._shards(places))

    def _lose(self, places: Sequence[Place]) -> None:
        self._publisher.forget(self._shards(places))
