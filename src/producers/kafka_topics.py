"""Which topics the broker has, and where their partitions begin and end."""

from collections.abc import Collection, Mapping
from time import monotonic
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

from producers.kafka_config import client_config
from schemas.settings import Settings

ADMIN_SECONDS: Final = 10.0
ATTEMPTS_MAX: Final = 10
POLL_SECONDS: Final = 0.5
_PASSING: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)


class Reach(NamedTuple):
    """The records that a partition holds, and the incarnation of its topic."""

    low: int
    high: int
    topic_id: str


def existing(settings: Settings) -> set[str]:
    """The names of all topics.

    Raises:
        KafkaException: the broker does not answer.
    """
    return set(AdminClient(client_config(settings)).list_topics(timeout=ADMIN_SECONDS).topics)


def reaches(settings: Settings, topics: Collection[str]) -> dict[tuple[str, int], Reach]:
    """Where each partition of the topics begins and ends now, by (topic, partition).

    Raises:
        KafkaException: the broker does not answer, or has no such topic.
    """
    config = client_config(settings)
    admin = AdminClient(config)
    asked = admin.describe_topics(TopicCollection(sorted(topics)), request_timeout=ADMIN_SECONDS)
    # A consumer that joins no group: only its question for offsets is wanted.
    consumer = Consumer({**config, "group.id": "stockyard-reaches", "enable.auto.commit": False})
    try:
        return {
            (topic, each.id): Reach(*_ends(consumer, topic, each.id), str(answer.result().topic_id))
            for topic, answer in asked.items()
            for each in answer.result().partitions
        }
    finally:
        consumer.close()


def epochs(
    settings: Settings, places: Mapping[tuple[str, int], int]
) -> dict[tuple[str, int], int | None]:
    """The leader epoch of the record at each place's offset: with it, it is the one of then.

    A record that came to stand there later has another. Places of which nothing can be read back
    are left out.

    Raises:
        KafkaException: the broker does not answer.
    """
    if not places:
        return {}
    consumer = Consumer({**client_config(settings), **_READ_BACK})
    try:
        consumer.assign([TopicPartition(*place, at) for place, at in places.items()])
        return _read_back(consumer, places)
    finally:
        consumer.close()


_READ_BACK: Final[dict[str, Any]] = {
    "group.id": "stockyard-reads-back",
    "enable.auto.commit": False,
    "auto.offset.reset": "error",
    "enable.partition.eof": True,
    "fetch.wait.max.ms": 20,
    "fetch.message.max.bytes": 65_536,
}


def _read_back(
    consumer: Consumer, places: Mapping[tuple[str, int], int]
) -> dict[tuple[str, int], int | None]:
    """Poll until each place has given its record, or something else."""
    found: dict[tuple[str, int], int | None] = {}
    waiting = set(places)
    deadline = monotonic() + ADMIN_SECONDS
    while waiting:
        if monotonic() > deadline:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "no record is read back"))  # noqa: SLF001  # its only spelling
        message = consumer.poll(POLL_SECONDS)
        if message is None or message.topic() is None:
            continue
        place = str(message.topic()), int(message.partition() or 0)
        error = message.error()
        if error is None and message.offset() == places[place] and place in waiting:
            found[place] = message.leader_epoch()
        if error is None or error.code() in _NO_RECORD:
            waiting.discard(place)
    return found


_NO_RECORD: Final = frozenset(
    {KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET}  # noqa: SLF001  # its only spelling
)


def _passes(error: BaseException) -> bool:
    """Whether asking again may help: a leader moves, or a topic was made a moment ago."""
    return isinstance(error, KafkaException) and error.args[0].code() in _PASSING


@retry(
    retry=retry_if_exception(_passes),
    stop=stop_after_attempt(ATTEMPTS_MAX),
    wait=wait_fixed(0.3),
    reraise=True,
)
def _ends(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), ADMIN_SECONDS)
    return low, high
