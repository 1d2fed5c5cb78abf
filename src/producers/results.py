"""Hearing what became of commands: the results topic, read from now on."""

import uuid
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from producers.kafka_config import client_config
from schemas.results import Result
from schemas.settings import Settings
from schemas.topics import results_topic

METADATA_SECONDS: Final = 10.0
LEADER_SECONDS: Final = 5.0
RESULTS_MAX: Final = 5_000
"""How many one poll takes at most."""

_PASSING: Final = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)
_LASTING: Final = frozenset(
    {
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001  # its only spelling
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    }
)
_CONFIG: Final[dict[str, Any]] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "fetch.message.max.bytes": 2_097_152,
    "queued.max.messages.kbytes": 32_768,
    "reconnect.backoff.max.ms": 1_000,
}


def _is_passing(error: BaseException) -> bool:
    """A topic just made may have no leader yet, nor be known to the broker we ask."""
    if isinstance(error, KafkaException):
        return error.args[0].code() in _PASSING
    return isinstance(error, NoResultsTopicError)


_SOON: Final = Retrying(
    retry=retry_if_exception(_is_passing),
    stop=stop_after_delay(LEADER_SECONDS),
    wait=wait_fixed(0.1),
    reraise=True,
)


class NoResultsTopicError(RuntimeError):
    """There is no results topic under our prefix: the topics were not made yet."""


class ResultReader:
    """Reads the results of one source system, from the moment it is made. Not for several threads.

    Make it before sending: it belongs to no consumer group and sees every partition.
    """

    def __init__(
        self, settings: Settings, source_system: str, tenant_id: str | None = None
    ) -> None:
        """Take a place at the end of every partition.

        Raises:
            NoResultsTopicError: the topics were not made yet.
            KafkaException: the broker does not answer.
        """
        self._wanted = {
            "Source-System": source_system.encode(),
            "Tenant-Id": (tenant_id or settings.default_tenant).encode(),
        }
        # librdkafka wants a group's name even of those who join none.
        group = f"{settings.topic_prefix}.reader-{uuid.uuid4().hex}"
        self._consumer = Consumer({**client_config(settings), **_CONFIG, "group.id": group})
        self._consumer.assign(_SOON(self._ends, results_topic(settings.topic_prefix)))

    def _ends(self, topic: str) -> list[TopicPartition]:
        found = self._consumer.list_topics(topic, METADATA_SECONDS).topics[topic]
        if found.error is not None:
            raise NoResultsTopicError(f"{topic}: {found.error.str()}")
        places = [TopicPartition(topic, number) for number in found.partitions]
        for place in places:
            _, place.offset = self._consumer.get_watermark_offsets(place, METADATA_SECONDS)
        return places

    def poll(self, within_seconds: float, results_max: int = RESULTS_MAX) -> list[Result]:
        """The results at hand, waiting only for the first.

        Raises:
            KafkaException: the topic cannot be read on.
        """
        first = self._consumer.poll(within_seconds)
        if first is None:
            return []
        found = [first]
        if results_max > 1:
            found += self._consumer.consume(results_max - 1, 0)
        return [
            Result.model_validate_json(each.value() or b"")
            for each in found
            if self._is_wanted(each)
        ]

    def _is_wanted(self, message: Message) -> bool:
        error = message.error()
        if error is not None:
            if error.fatal() or error.code() in _LASTING:
                raise KafkaException(error)
            return False  # the client mends it, or whoever waits gives up
        headers = dict(message.headers() or [])
        return all(headers.get(name) == value for name, value in self._wanted.items())

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()
