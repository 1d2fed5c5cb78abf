"""Whether topics are still those that we began to read: a topic made anew looks like the old one.

The client reads on in the new topic from where it stood in the old, without a word. So the broker
is asked now and then, in the background.
"""

from collections.abc import Collection
from concurrent.futures import Future
from time import monotonic
from typing import Any, Final

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from consumers.places import RUNBOOK, HaltError, check_partitions
from producers.kafka_topics import ADMIN_SECONDS

WATCH_SECONDS: Final = 5.0


class TopicWatch:
    """Knows the topics' incarnations. `partitions` is how many each must have, where that matters."""

    def __init__(self, admin: AdminClient, partitions: int | None) -> None:
        self._admin = admin
        self._partitions = partitions
        self._known: dict[str, str] = {}
        self._asked: dict[str, Future[Any]] = {}
        self._asked_at = monotonic()

    def topic_ids(self, topics: Collection[str]) -> dict[str, str]:
        """Which incarnation of each topic the broker has now: watched from here on.

        Raises:
            HaltError: one has another number of partitions.
            KafkaException: the broker does not answer, or has no such topic.
        """
        found = {name: self._told(name, asked) for name, asked in self._ask(topics).items()}
        self._known |= found
        return found

    def check(self) -> None:
        """Look at the answer to the last question, if it is there, and ask the next. Never waits.

        Raises:
            HaltError: a topic was made anew, or has another number of partitions.
        """
        if monotonic() - self._asked_at < WATCH_SECONDS:
            return
        self._asked_at = monotonic()
        for name, asked in self._asked.items():
            if asked.done() and asked.exception() is None:
                now, before = self._told(name, asked), self._known[name]
                if now != before:
                    raise HaltError(
                        f"{name} was deleted and made anew while it was read: it was topic "
                        f"{before}, the broker has {now}. {RUNBOOK}"
                    )
        self._asked = self._ask(self._known) if self._known else {}

    def _ask(self, topics: Collection[str]) -> dict[str, Future[Any]]:
        asked: dict[str, Future[Any]] = self._admin.describe_topics(
            TopicCollection(sorted(topics)), request_timeout=ADMIN_SECONDS
        )
        return asked

    def _told(self, name: str, asked: Future[Any]) -> str:
        topic = asked.result()
        if self._partitions is not None:
            check_partitions({name: len(topic.partitions)}, self._partitions)
        return str(topic.topic_id)
