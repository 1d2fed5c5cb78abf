"""How much waits for a module's workers: the ends of its command topic against the group's offsets."""

from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from producers.kafka_config import client_config
from schemas.settings import Settings
from schemas.topics import COMMAND_PARTITIONS, commands_topic, consumer_group

ANSWER_SECONDS: Final = 2.0


class Standing(NamedTuple):
    """A module at one moment: how many commands wait, and how many were applied since ever."""

    waiting: int
    applied: int


class GroupLag:
    """Asks the broker. Its questions block; not for several threads.

    A consumer for each group, which joins nothing: the admin client's questions for offsets end the
    process (librdkafka 2.16) when the broker leaves one unanswered.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumers: dict[str, Consumer] = {}

    def of(self, module: str) -> Standing:
        """How a module stands. What nobody ever read waits from the topic's beginning.

        Raises:
            KafkaException: the broker does not answer, or has no such topic.
        """
        try:
            return self._standing(self._consumer(module), module)
        except KafkaException:
            # One that met a frozen broker may never find its partitions again: a new one does.
            del self._consumers[module]
            raise

    def _standing(self, consumer: Consumer, module: str) -> Standing:
        topic = commands_topic(self._settings.topic_prefix, module)
        places = [TopicPartition(topic, number) for number in range(COMMAND_PARTITIONS)]
        waiting = applied = 0
        for place in consumer.committed(places, timeout=ANSWER_SECONDS):
            low, end = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)
            reached = place.offset if place.offset >= 0 else low
            waiting += max(0, end - reached)
            applied += reached
        return Standing(waiting, applied)

    def _consumer(self, module: str) -> Consumer:
        if module not in self._consumers:
            group = consumer_group(self._settings.topic_prefix, module)
            config = {"group.id": group, "enable.auto.commit": False}
            self._consumers[module] = Consumer({**client_config(self._settings), **config})
        return self._consumers[module]
