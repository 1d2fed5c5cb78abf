"""Which topics the broker has, and where their partitions begin and end."""

from collections.abc import Collection
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

from producers.kafka_config import client_config
from schemas.settings import Settings

ADMIN_SECONDS: Final = 10.0
ATTEMPTS_MAX: Final = 10
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
