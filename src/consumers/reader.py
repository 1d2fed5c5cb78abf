"""Reading topics from where the database says: the records of this member's partitions.

The database's offsets are the truth; Kafka's own are kept for lag tools only. Everything happens
in the caller's thread: partitions come and go inside `poll`, never while a batch is in hand.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Final, NamedTuple, NoReturn, cast

import structlog
from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from consumers.delivered import Delivered
from consumers.member_config import member_config
from consumers.places import (
    RUNBOOK,
    HaltError,
    Place,
    Stands,
    contradictions,
)
from consumers.topic_watch import TopicWatch
from producers.kafka_config import client_config
from producers.kafka_topics import Reach, epochs
from schemas.settings import Settings

log = structlog.get_logger()

ADMIN_SECONDS: Final = 10.0
JOIN_SESSIONS: Final = 3
"""After so many session timeouts a member is in its group, or its client has lost its way to the
coordinator (librdkafka 2.16, after a connection was cut: its request waits for one for ever)."""
BATCH_BYTES: Final = 4_194_304
"""About what a batch may come to: one of thousands of long records would hold its locks for long."""

_NOT_THERE: Final = frozenset(
    {
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001  # its only spelling
        KafkaError._LOG_TRUNCATION,  # noqa: SLF001  # its only spelling
        KafkaError.OFFSET_OUT_OF_RANGE,
    }
)
"""The broker does not have what was asked for, or has something else in its place."""


class WedgedError(RuntimeError):
    """The client turns, and nothing comes of it: a new member may do better."""


class Positions(NamedTuple):
    """The database's side of an assignment."""

    load: Callable[[Sequence[Place]], Mapping[Place, Stands]]
    """Where each place stands; makes those that are new."""
    bind: Callable[[Sequence[Place], str], None]
    """Notes the topic's incarnation for places that had none."""
    release: Callable[[Sequence[Place]], None] = lambda _: None
    """Told before places go to another member."""
    lose: Callable[[Sequence[Place]], None] = lambda _: None
    """Told when places have gone to another member already."""


class Reader:
    """A member of a consumer group. Not for several threads.

    `partitions` is how many each topic must have, where that matters.
    """

    def __init__(
        self,
        settings: Settings,
        group: str,
        topics: Sequence[str],
        positions: Positions,
        partitions: int | None = None,
    ) -> None:
        self._positions = positions
        self._settings = settings
        # Joins nothing and fetches nothing: it can be asked what the fetches should know.
        self.asker = Consumer({**client_config(settings), "group.id": group})
        self._watch = TopicWatch(AdminClient(client_config(settings)), partitions)
        self._trouble: BaseException | None = None
        self.owned: set[Place] = set()
        self.gained: set[Place] = set()
        self._out_since: float | None = monotonic()  # of the group; in it, none
        self._join_seconds = JOIN_SESSIONS * max(settings.consumer_session_seconds, 6.0)
        self.idle_seconds = 0.0
        """How long it has waited for records in all, and none came."""
        self._went = False  # some places, during this very poll
        self._record_bytes = 1.0  # of a record lately
        self._applied: dict[Place, int] = {}
        self._consumer = Consumer({**member_config(settings, group), "on_commit": _note_untold})
        self._consumer.subscribe(
            list(topics), on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose
        )

    @property
    def joined(self) -> bool:
        """Whether it is in its group, and knows its partitions."""
        return self._out_since is None

    def poll(self, records_max: int, within_seconds: float) -> list[Delivered]:
        """The records at hand, waiting only for the first: fewer where they have been long lately.

        Raises:
            HaltError: a partition does not hold what the database expects.
            WedgedError: the group has not let us in for too long.
            KafkaException: the client is beyond repair.
            Exception: what the database said when it was asked where a partition stands.
        """
        self._went = False
        self._watch.check()
        began = monotonic()
        if self._out_since is not None and began - self._out_since > self._join_seconds:
            raise WedgedError(f"not in its group after {began - self._out_since:.0f} s")
        first = self._consumer.poll(within_seconds)
        if first is None:
            self.idle_seconds += monotonic() - began
        found = [first] if first is not None else []
        more = min(records_max, int(BATCH_BYTES / self._record_bytes)) - 1
        if found and more > 0:
            found += self._consumer.consume(more, 0)
        if self._trouble is not None:
            trouble, self._trouble = self._trouble, None
            raise trouble
        records = [
            cast("Delivered", message)
            for message in found
            if self._is_record(message, message.error())
        ]
        if records:
            self._record_bytes = max(1.0, sum(map(len, records)) / len(records))
        return [each for each in records if self._is_ours(each)] if self._went else records

    def _is_ours(self, record: Delivered) -> bool:
        """Not of a partition that went between the first record and the rest.

        It would do no harm, the shard's row being the fence, but its new owner has it in hand too.
        """
        return Place(record.topic(), record.partition()) in self.owned

    def _is_record(self, message: Message, error: KafkaError | None) -> bool:
        """Whether it is one; what else comes is news of errors."""
        if error is None:
            return True
        if error.code() in _NOT_THERE:
            self._begin_again(Place(str(message.topic()), int(message.partition() or 0)), error)
        if error.fatal():
            raise KafkaException(error)
        log.warning("broker says", error=error.str())
        return False

    def _begin_again(self, place: Place, error: KafkaError) -> NoReturn:
        """Say what is wrong with a partition that the client cannot read on.

        Raises:
            HaltError: the database stands where the partition cannot be read.
            KafkaException: only what we read ahead is lost. Read again from where it stands.
        """
        self._check(self._consumer, self._positions.load([place]))
        raise KafkaException(error)

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Tell Kafka how far we are, for lag tools. Nothing that is stored depends on it."""
        self._applied |= {place: at for place, at in offsets.items() if place in self.owned}
        self._tell(offsets)

    def remind(self) -> None:
        """Tell it again, since the last time may be lost.

        An edge that sees too much lag lets nothing in that would have us tell it anew.
        """
        if self._applied:
            self._tell(self._applied)

    def _tell(self, offsets: Mapping[Place, int]) -> None:
        told = [TopicPartition(place.topic, place.partition, at) for place, at in offsets.items()]
        try:
            self._consumer.commit(offsets=told, asynchronous=True)
        except KafkaException as error:
            _note_untold(error.args[0], told)

    def fetched(self) -> dict[Place, int]:
        """Where each owned partition ended when something was last fetched from it."""
        found = {}
        for place in self.owned:
            at = TopicPartition(place.topic, place.partition)
            _, high = self._consumer.get_watermark_offsets(at, cached=True)
            if high != OFFSET_INVALID:
                found[place] = high
        return found

    def lag(self) -> dict[Place, int]:
        """How many records of each owned partition wait, as far as the last fetch knew."""
        places = [TopicPartition(place.topic, place.partition) for place in self.owned]
        found = {}
        for at in self._consumer.position(places):
            _, high = self._consumer.get_watermark_offsets(at, cached=True)
            if at.offset >= 0 and high != OFFSET_INVALID:
                found[Place(at.topic, at.partition)] = max(0, high - at.offset)
        return found

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()
        self.asker.close()

    def _assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        """Start each new partition where the database stands, having checked that it can."""
        try:
            places = [Place(each.topic, each.partition) for each in assigned]
            stands = self._start(consumer, places)
        except Exception as error:  # noqa: BLE001  # raised again by poll: a callback cannot
            self._trouble = error
            return
        consumer.incremental_assign(
            [
                TopicPartition(place.topic, place.partition, at.next_offset)
                for place, at in stands.items()
            ]
        )
        self._out_since = None
        self._applied |= {place: at.next_offset for place, at in stands.items()}
        self.owned.update(places)
        self.gained.update(places)
        if places:
            log.info("partitions gained", partitions=[f"{p.topic}[{p.partition}]" for p in places])

    def _start(self, consumer: Consumer, places: Sequence[Place]) -> Mapping[Place, Stands]:
        if not places:
            return {}
        topics = {place.topic for place in places}
        self._watch.topic_ids(topics)  # before anything is noted of them
        stands = self._positions.load(places)
        for topic, topic_id in self._check(consumer, stands).items():
            self._positions.bind([place for place in places if place.topic == topic], topic_id)
        return stands

    def _check(self, consumer: Consumer, stands: Mapping[Place, Stands]) -> dict[str, str]:
        """Halt where a partition cannot be read on; else the incarnations of the topics."""
        topic_ids = self._watch.topic_ids({place.topic for place in stands})
        reaches = {place: self._reach(consumer, place, topic_ids[place.topic]) for place in stands}
        wrong = contradictions(stands, reaches, partial(epochs, self._settings))
        if wrong:
            first = wrong[min(wrong)]
            raise HaltError(f"{first.says}. {RUNBOOK}")
        return topic_ids

    @staticmethod
    def _reach(consumer: Consumer, place: Place, topic_id: str) -> Reach:
        low, high = consumer.get_watermark_offsets(
            TopicPartition(place.topic, place.partition), ADMIN_SECONDS
        )
        return Reach(low, high, topic_id)

    def _revoke(self, _: Consumer, revoked: list[TopicPartition]) -> None:
        """Hand partitions over in good order."""
        self._let_go(revoked, self._positions.release)

    def _lose(self, _: Consumer, lost: list[TopicPartition]) -> None:
        """Others have had them for a while: nothing of theirs is ours to touch."""
        self._let_go(lost, self._positions.lose)

    def _let_go(self, gone: list[TopicPartition], tell: Callable[[Sequence[Place]], None]) -> None:
        places = {Place(each.topic, each.partition) for each in gone}
        try:
            tell(sorted(places))
        except Exception as error:  # noqa: BLE001  # raised again by poll: a callback cannot
            self._trouble = error
        self._went, self._out_since = True, monotonic()  # until we are let in again
        self.owned -= places
        for place in places:
            self._applied.pop(place, None)
        self.gained -= places
        log.info("partitions gone", partitions=[f"{p.topic}[{p.partition}]" for p in places])


def _note_untold(error: KafkaError | None, _: list[TopicPartition]) -> None:
    if error is not None:
        log.info("lag tools see an old offset", error=str(error))
