"""Results for topics of others, which commands name in Reply-To: sent as far as those take them.

A producer of its own, so that a topic that is gone, full or forbidden holds up nothing of ours.
"""

from time import monotonic
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Told
from prometheus_client import Counter

from producers.kafka_config import client_config
from producers.messages import Message
from schemas.settings import Settings

log = structlog.get_logger()

METADATA_SECONDS: Final = 5.0
DELIVERY_MS: Final = 30_000
LOOK_AGAIN_SECONDS: Final = 30.0
FAILED_SECONDS: Final = 300.0
TOPICS_MAX: Final = 1_000

DROPPED = Counter("stockyard_replies_dropped", "Results that their Reply-To topic did not take")

_CONFIG: Final[dict[str, Any]] = {
    "acks": "all",
    "max.in.flight.requests.per.connection": 1,  # keeps the order without numbering
    "message.timeout.ms": DELIVERY_MS,
    "linger.ms": 1,
    "message.max.bytes": 2_097_152,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
    "delivery.report.only.error": True,
    "reconnect.backoff.max.ms": 1_000,
}


class RepliesError(RuntimeError):
    """The broker did not say whether a topic is there."""


class Replies:
    """Sends results to topics of others. Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._config = {**client_config(settings), **_CONFIG}
        self._made: Producer | None = None
        self._topics: dict[str, tuple[bool, float]] = {}  # takes it any, and until when we go by it

    def send(self, message: Message) -> None:
        """Hand a result over, unless its topic does not exist or failed us lately.

        Raises:
            RepliesError: the broker does not answer.
        """
        topic, partition, key, value, headers = message
        if not self._takes(topic):
            DROPPED.inc()
            return
        producer = self._producer()
        try:
            producer.produce(topic, value, key, partition, on_delivery=self._told, headers=headers)
        except (BufferError, KafkaException) as error:
            self._drop(topic, str(error))
        producer.poll(0)

    def settle(self) -> None:
        """Wait until each result has arrived or is given up, for half a minute at most."""
        if self._made is not None:
            self._made.flush(DELIVERY_MS / 1000)

    def _producer(self) -> Producer:
        if self._made is None:
            self._made = Producer(self._config)
        return self._made

    def _takes(self, topic: str) -> bool:
        """Whether a topic is there; asked anew now and then.

        A message for one that is not would hold up all those behind it until it timed out.
        """
        takes, until = self._topics.get(topic, (False, 0.0))
        if monotonic() > until:
            if len(self._topics) >= TOPICS_MAX:
                self._topics.clear()
            try:
                there = self._producer().list_topics(timeout=METADATA_SECONDS).topics
            except KafkaException as error:
                raise RepliesError(str(error)) from error
            takes = topic in there
            self._topics[topic] = takes, monotonic() + LOOK_AGAIN_SECONDS
        return takes

    def _told(self, error: KafkaError | None, message: Told) -> None:
        if error is not None:
            self._drop(str(message.topic()), error.str())

    def _drop(self, topic: str, why: str) -> None:
        """It is in the results topic all the same; for a while nothing more goes to this one."""
        log.warning("reply dropped", topic=topic, why=why)
        self._topics[topic] = False, monotonic() + FAILED_SECONDS
        DROPPED.inc()
