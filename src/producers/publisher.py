"""The way to the broker: sends messages, and knows when all of them are acknowledged."""

from collections.abc import Iterable
from time import monotonic
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from producers.kafka_config import client_config
from producers.messages import Message
from schemas.settings import Settings

log = structlog.get_logger()

DELIVERY_MS: Final = 30_000
QUEUE_SECONDS: Final = 30.0

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

    def send(self, messages: Iterable[Message]) -> None:
        """Hand messages over, in their order; `settle` tells whether they arrived.

        Raises:
            PublishError: the queue stayed full: the broker takes nothing.
        """
        produce, failed = self._producer.produce, self._on_failure
        for topic, partition, key, value, headers in messages:
            while True:
                try:
                    produce(topic, value, key, partition, on_delivery=failed, headers=headers)
                    break
                except BufferError:
                    self._make_room()
        self._producer.poll(0)

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
