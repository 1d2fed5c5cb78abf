"""The way to the broker: sends messages, and knows when all of them are acknowledged."""

from collections.abc import Iterable
from time import monotonic
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from prometheus_client import Counter

from producers.kafka_config import client_config
from producers.messages import Message
from schemas.settings import Settings

log = structlog.get_logger()

DELIVERY_MS: Final = 30_000
QUEUE_SECONDS: Final = 30.0
METADATA_SECONDS: Final = 5.0
OTHERS_SECONDS: Final = 30.0
OTHERS_MAX: Final = 1_000

REPLIES_DROPPED = Counter(
    "stockyard_replies_dropped", "Results for a Reply-To topic that does not exist"
)

_CONFIG: Final[dict[str, Any]] = {
    "acks": "all",
    "enable.idempotence": True,
    "delivery.timeout.ms": DELIVERY_MS,
    "request.timeout.ms": 10_000,
    "linger.ms": 1,
    "batch.size": 1_048_576,
    "batch.num.messages": 20_000,
    "message.max.bytes": 2_097_152,
    "queue.buffering.max.messages": 500_000,
    "compression.type": "lz4",
    # Where Java's producers put a key, so that all producers of a topic agree.
    "partitioner": "murmur2_random",
    "delivery.report.only.error": True,
    "reconnect.backoff.max.ms": 1_000,
}


class PublishError(RuntimeError):
    """The broker has not acknowledged all that was sent: send from the journal again."""


class Publisher:
    """One idempotent producer. Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer({**client_config(settings), **_CONFIG})
        self._failed: KafkaError | None = None
        self._ours = f"{settings.topic_prefix}."
        self._others: dict[
            str, tuple[bool, float]
        ] = {}  # is each there, and until when we go by it

    def send(self, messages: Iterable[Message]) -> None:
        """Hand messages over, in their order; `settle` tells whether they arrived.

        Raises:
            PublishError: the queue stayed full: the broker takes nothing; or something that was
                sent before is lost, which nothing behind it may overtake.
        """
        if self._failed is not None:
            self.settle()
        produce, failed = self._producer.produce, self._on_failure
        for topic, partition, key, value, headers in messages:
            if not topic.startswith(self._ours) and not self._exists(topic):
                continue
            while True:
                try:
                    produce(topic, value, key, partition, on_delivery=failed, headers=headers)
                    break
                except BufferError:
                    self._make_room()
        self._producer.poll(0)

    def _exists(self, topic: str) -> bool:
        """Whether a topic that somebody asked us to reply to is there; asked anew now and then.

        A message for one that is not would hold up all those behind it until it timed out.
        """
        there, until = self._others.get(topic, (False, 0.0))
        if monotonic() > until:
            if len(self._others) >= OTHERS_MAX:
                self._others.clear()
            try:
                there = topic in self._producer.list_topics(timeout=METADATA_SECONDS).topics
            except KafkaException as error:
                raise PublishError(str(error)) from error
            self._others[topic] = there, monotonic() + OTHERS_SECONDS
        if not there:
            REPLIES_DROPPED.inc()
        return there

    def _make_room(self) -> None:
        deadline = monotonic() + QUEUE_SECONDS
        before = len(self._producer)
        while len(self._producer) >= before:
            self._producer.poll(0.1)
            if monotonic() > deadline:
                raise PublishError(f"{before} messages wait for the broker")

    def _on_failure(self, error: KafkaError | None, _: object) -> None:
        if error is not None:
            self._failed = error

    def settle(self, within_seconds: float = DELIVERY_MS / 1000) -> None:
        """Wait until the broker has acknowledged all that was sent.

        Raises:
            PublishError: it has not, or it refused a message. What was sent may or may not stand
                in its topics; nothing is left in the queue.
        """
        left = self._producer.flush(within_seconds)
        failed, self._failed = self._failed, None
        if left:
            self._producer.purge()
            self._producer.flush(1.0)
            self._failed = None
            raise PublishError(f"{left} messages were not acknowledged")
        if failed is not None:
            raise PublishError(failed.str())

    def close(self, within_seconds: float = 5.0) -> None:
        """Give what is still on its way a last chance, then let go."""
        try:
            self.settle(within_seconds)
        except (PublishError, KafkaException) as error:
            log.warning("left unpublished, the relay will", error=str(error))
