"""A topic read from its beginning, as far as it goes."""

import time
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from processes import WAIT_SECONDS, eventually
from producers.kafka_config import client_config
from schemas.settings import Settings

QUIET = 2
"""Of a test's own clients: that a broker is away is what the test is about."""
ASK_SECONDS = 5.0
"""One question may be lost with a broker; then it is asked again."""


class Tail:
    """Remembers what it has read."""

    def __init__(self, settings: Settings, topic: str, *, from_end: bool = False) -> None:
        self._settings = settings
        self._topic = topic
        self._consumer = self._open()
        partitions = self._consumer.list_topics(topic, WAIT_SECONDS).topics[topic].partitions
        self._found: dict[int, list[Any]] = {number: [] for number in sorted(partitions)}
        self._next = dict.fromkeys(self._found, 0)
        if from_end:
            self._next = dict(self.ends())
        self._assign()

    def _open(self) -> Consumer:
        return Consumer(
            {
                **client_config(self._settings),
                "group.id": "tail",
                "log_level": QUIET,
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 20,
            }
        )

    def _assign(self) -> None:
        """Go on reading where we are."""
        self._consumer.assign(
            [TopicPartition(self._topic, number, at) for number, at in self._next.items()]
        )

    def ends(self) -> list[tuple[int, int]]:
        """Each partition, and the offset behind its last record."""
        return [
            (number, eventually("its end", lambda number=number: self._end(number))[0])
            for number in self._next
        ]

    def begin(self) -> int:
        """The first offset that partition 0 still holds."""
        first = TopicPartition(self._topic, 0)
        return int(self._consumer.get_watermark_offsets(first, WAIT_SECONDS)[0])

    def read(self) -> list[Any]:
        """All its records until now."""
        ends = self.ends()
        deadline = time.monotonic() + WAIT_SECONDS
        while any(self._next[number] < end for number, end in ends):
            assert time.monotonic() < deadline, f"not read to its end: {ends}"
            message = self._consumer.poll(0.5)
            if message is not None and message.error() is None:
                self._keep(message)
        return [message for found in self._found.values() for message in found]

    def at_hand(self) -> list[Any]:
        """What has arrived by itself; waits for nobody, so it may be old."""
        while (message := self._consumer.poll(0)) is not None:
            if message.error() is None:
                self._keep(message)
        return [message for found in self._found.values() for message in found]

    def _keep(self, message: Any) -> None:
        self._found[message.partition()].append(message)
        self._next[message.partition()] = message.offset() + 1

    def forget(self) -> None:
        """Go on from here: what was read is not needed any more."""
        for found in self._found.values():
            found.clear()

    def _end(self, number: int) -> tuple[int, ...] | None:
        """Where a partition ends, in a tuple; nothing while its leader is still being chosen."""
        at = TopicPartition(self._topic, number)
        try:
            return self._consumer.get_watermark_offsets(at, ASK_SECONDS)[1:]
        except KafkaException:
            # Once a client has met partitions without a leader, it may not find them ever after.
            self._consumer.close()
            self._consumer = self._open()
            self._assign()
            return None

    def close(self) -> None:
        self._consumer.close()
