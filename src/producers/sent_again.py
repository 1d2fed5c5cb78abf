"""Which dead letters stand in their topics again: read from the topics, which alone can tell."""

from collections.abc import Mapping
from time import monotonic
from typing import Any, Final, cast

from confluent_kafka import Consumer, KafkaException, TopicPartition

from producers.kafka_config import client_config
from producers.kafka_topics import reaches
from schemas.dead_letters import LETTER, REDRIVEN
from schemas.settings import Settings

SILENCE_SECONDS: Final = 30.0
RECORDS_PER_READ: Final = 1_000
_CONFIG: Final[dict[str, Any]] = {
    "group.id": "stockyard-sent-again",  # joins no group: librdkafka wants a name even so
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "fetch.message.max.bytes": 2_097_152,
}


class SilentError(RuntimeError):
    """A partition could not be read to its end."""


def letters(settings: Settings, since: Mapping[tuple[str, int], int]) -> set[str]:
    """The letters that redriven records name, in partitions from an offset to their ends.

    Raises:
        SilentError: the broker sent nothing for a while.
        KafkaException: it refuses.
    """
    found = reaches(settings, {topic for topic, _ in since})
    begins = {place: max(at, found[place].low) for place, at in since.items()}
    todo = {place: found[place].high for place, at in begins.items() if at < found[place].high}
    consumer = Consumer({**client_config(settings), **_CONFIG})
    consumer.assign([TopicPartition(*place, begins[place]) for place in todo])
    try:
        return _read(consumer, todo)
    finally:
        consumer.close()


def _read(consumer: Consumer, todo: dict[tuple[str, int], int]) -> set[str]:
    named: set[str] = set()
    heard_at = monotonic()
    while todo:
        for record in consumer.consume(RECORDS_PER_READ, 0.5):
            error = record.error()
            if error is not None:
                raise KafkaException(error)
            heard_at = monotonic()
            place = (str(record.topic()), int(record.partition() or 0))
            headers = cast("list[tuple[str, bytes | None]]", record.headers() or [])
            named.update(
                value.decode(errors="replace")
                for name, value in headers[-len(REDRIVEN) :]
                if name == LETTER and value
            )
            if (record.offset() or 0) + 1 >= todo.get(place, 0):
                todo.pop(place, None)
        if monotonic() - heard_at > SILENCE_SECONDS:
            raise SilentError(f"not read to the end: {', '.join(f'{t}[{p}]' for t, p in todo)}")
    return named
