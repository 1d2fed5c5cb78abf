"""The way to the broker: sends messages, and knows when all of them are acknowledged."""

from collections.abc import Iterable
from threading import Event
from time import monotonic
from typing import Any, Final, NoReturn

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from prometheus_client import Counter

from producers.kafka_config import client_config
from producers.messages import Message
from producers.replies import Replies, RepliesError
from schemas.settings import Settings

log = structlog.get_logger()

DELIVERY_MS: Final = 30_000
QUEUE_SECONDS: Final = 30.0
LAST_CHANCE_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.5

RENEWED = Counter(
    "stockyard_producers_renewed", "Producers given up with what they held, for a new one"
)

_CONFIG: Final[dict[str, Any]] = {
    "acks": "all",
    "enable.idempotence": True,
    # One message may not be given up while later ones of its partition arrive: whoever reads them
    # would take the missing one for told. So none times out by itself, we give up all of them
    # together (`settle`); and where the broker refuses one, the producer ends.
    "message.timeout.ms": 0,
    "enable.gapless.guarantee": True,
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


_BROKEN: Final = (KafkaException, SystemError)
"""The client raises a fatal error in the middle of any call; when it calls us back meanwhile, the
interpreter makes a SystemError of it."""


class PublishError(RuntimeError):
    """The broker has not acknowledged all that was sent: send from the journal again."""


class Publisher:
    """An idempotent producer, and a new one after any trouble. Not for several threads.

    In each partition the broker has a beginning of what was handed over, in its order, and nothing
    behind what it lacks. So whoever sends again from what was acknowledged leaves no gap.
    Its waits are cut short once the process is `stopping`.
    """

    def __init__(self, settings: Settings, stopping: Event | None = None) -> None:
        self._stopping = stopping or Event()
        self._config = {**client_config(settings), **_CONFIG}
        self._producer = Producer(self._config)
        self._failed: KafkaError | None = None
        self._ours = f"{settings.topic_prefix}."
        self._replies = Replies(settings)

    def send(self, messages: Iterable[Message]) -> None:
        """Hand messages over, in their order; `settle` tells whether they arrived.

        Raises:
            PublishError: the queue stayed full, or the broker refused something: send again.
        """
        self._check()
        try:
            for message in messages:
                if message[0].startswith(self._ours):
                    self._produce(message)
                else:
                    self._replies.send(message)
            self._producer.poll(0)
        except (*_BROKEN, RepliesError) as error:
            self._give_up(_said(error))

    def _produce(self, message: Message) -> None:
        topic, partition, key, value, headers = message
        while True:
            try:
                self._producer.produce(
                    topic, value, key, partition, on_delivery=self._on_failure, headers=headers
                )
            except BufferError:
                self._make_room()
            else:
                return

    def _make_room(self) -> None:
        deadline = monotonic() + QUEUE_SECONDS
        before = len(self._producer)
        while len(self._producer) >= before:
            self._producer.poll(0.1)
            if monotonic() > deadline:
                self._give_up(f"{before} messages wait for the broker")
        self._check()

    def _on_failure(self, error: KafkaError | None, _: object) -> None:
        self._failed = self._failed or error  # those behind the first fail because of it

    def settle(self, within_seconds: float = DELIVERY_MS / 1000) -> None:
        """Wait until the broker has acknowledged all that was sent.

        Raises:
            PublishError: it has not, or it refused a message. What was sent may or may not stand
                in its topics; nothing is left in the queue.
        """
        try:
            left = self._flush(within_seconds)
        except _BROKEN as error:
            self._give_up(_said(error))
        self._check()
        if left:
            self._give_up(f"{left} messages were not acknowledged")
        self._replies.settle()

    def _flush(self, within_seconds: float) -> int:
        """Wait for what was sent; how many messages still wait after so long."""
        until = monotonic() + within_seconds
        while left := self._producer.flush(max(0.0, min(LOOK_SECONDS, until - monotonic()))):
            if self._stopping.is_set():
                until = min(until, monotonic() + LAST_CHANCE_SECONDS)
            if monotonic() >= until:
                break
        return left

    def _check(self) -> None:
        """Nothing goes behind what is lost."""
        if self._failed is not None:
            self._give_up(self._failed.str())

    def _give_up(self, why: str) -> NoReturn:
        """Forget what is on its way, and go on with a producer that nothing has happened to."""
        log.warning("a new producer", because=why)
        RENEWED.inc()
        self._producer.purge()  # it goes with all that it still has to tell
        self._producer = Producer(self._config)
        self._failed = None
        raise PublishError(why)

    def close(self, within_seconds: float = LAST_CHANCE_SECONDS) -> None:
        """Give what is still on its way a last chance, then let go."""
        try:
            self.settle(within_seconds)
        except PublishError as error:
            log.warning("left unpublished, the relay will", error=str(error))


def _said(error: BaseException) -> str:
    """What is at the bottom of it."""
    return str(error.__cause__ or error)
