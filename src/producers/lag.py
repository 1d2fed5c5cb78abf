"""How much waits for a module's workers: the ends of its command topic against the group's offsets."""

from typing import Final, NamedTuple

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from producers.kafka_config import client_config
from schemas.settings import Settings
from schemas.topics import COMMAND_PARTITIONS, commands_topic, consumer_group

ANSWER_SECONDS: Final = 2.0
EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the client's own
LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Standing(NamedTuple):
    """A module at one moment: how many commands wait, and how many were applied since ever."""

    waiting: int
    applied: int


class GroupLag:
    """Asks the broker. Its questions block; not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.topic_prefix
        self._admin = AdminClient(client_config(settings))

    def of(self, module: str) -> Standing:
        """How a module stands. What nobody ever read waits from the topic's beginning.

        Raises:
            KafkaException: the broker does not answer, or has no such topic.
        """
        topic = commands_topic(self._prefix, module)
        places = [TopicPartition(topic, number) for number in range(COMMAND_PARTITIONS)]
        ends = self._offsets(places, LATEST)
        applied = self._applied(consumer_group(self._prefix, module), places)
        unread = [place for place in places if place.partition not in applied]
        if unread:
            applied |= self._offsets(unread, EARLIEST)
        waiting = sum(max(0, end - applied[number]) for number, end in ends.items())
        return Standing(waiting, sum(applied.values()))

    def _offsets(self, places: list[TopicPartition], wanted: OffsetSpec) -> dict[int, int]:
        asked = self._admin.list_offsets(
            dict.fromkeys(places, wanted), request_timeout=ANSWER_SECONDS
        )
        return {place.partition: answer.result().offset for place, answer in asked.items()}

    def _applied(self, group: str, places: list[TopicPartition]) -> dict[int, int]:
        """The group's offset in each partition where it has one."""
        asked = ConsumerGroupTopicPartitions(group, places)
        answer = self._admin.list_consumer_group_offsets([asked], request_timeout=ANSWER_SECONDS)
        found = answer[group].result().topic_partitions
        return {each.partition: each.offset for each in found if each.offset >= 0}
