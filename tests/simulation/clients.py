"""librdkafka's clients, as our code uses them, on the broker in memory.

They promise what librdkafka promises and no more: an unacknowledged message may stand in its topic
or not, a silent member is expelled without being told, and its partitions go to others while it
still has their records in hand.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from simulation.broker import Broker, Group, Message, Place

DELIVERY_SECONDS = 30.0
IDLE = 8
"""An idle consumer is asked again so much later than it wished: nothing happens in between."""


class Consumer:
    """A member of a group, as far as `consumers.reader` uses it."""

    def __init__(self, broker: Broker, config: dict[str, Any]) -> None:
        self.broker = broker
        self.turns = broker.turns
        self.task = broker.turns.running
        self.expelled = False
        self.positions: dict[Place, int] = {}
        self._named = config["group.id"]
        self.group: Group | None = None
        self._at_hand: list[Message] = []

    def subscribe(self, topics: list[str], **callbacks: Any) -> None:
        self._told = callbacks
        self.group = self.broker.groups.setdefault(self._named, Group(self.broker, topics))
        self.group.join(self)

    def incremental_assign(self, places: list[TopicPartition]) -> None:
        for each in places:
            self.positions[each.topic, each.partition] = each.offset

    def poll(self, seconds: float) -> Message | None:
        self.turns.step()
        if self.broker.reachable():
            self._rebalance()
            self._fetch()
        if not self._at_hand:
            self.turns.wait(self._has_news, seconds * IDLE)
            return None
        return self._at_hand.pop(0)

    def consume(self, count: int, _: float) -> list[Message]:
        found, self._at_hand = self._at_hand[:count], self._at_hand[count:]
        return found

    def _has_news(self) -> bool:
        """Whether records wait, or partitions."""
        return self.expelled or any(
            at < len(self.broker.topic(place[0])[place[1]]) for place, at in self.positions.items()
        )

    def _fetch(self) -> None:
        """Some of the records of some of our partitions."""
        for place in list(self.positions):
            if self.group.owners.get(place) is not self:
                continue
            log = self.broker.topic(place[0])[place[1]]
            if self.positions[place] and self.broker.seeks_back():
                self.positions[place] -= self.turns.random.randint(1, self.positions[place])
            start = self.positions[place]
            if start > len(log):
                raise KafkaException(KafkaError(KafkaError.OFFSET_OUT_OF_RANGE))
            found = log[start : start + self.turns.random.randint(0, self.broker.batch_max)]
            self._at_hand += found
            self.positions[place] = start + len(found)

    def _rebalance(self) -> None:
        if self.expelled:
            self._drop(list(self.positions), "on_lost")
            self.expelled = False
            self.group.join(self)
        wanted = self.group.wanted(self)
        self._drop([place for place in self.positions if place not in wanted], "on_revoke")
        if self.expelled:
            return  # it took too long over that
        gained = sorted(place for place in wanted if place not in self.group.owners)
        if gained:
            self.group.owners |= dict.fromkeys(gained, self)
            self._told["on_assign"](self, [TopicPartition(*place) for place in gained])

    def _drop(self, places: list[Place], callback: str) -> None:
        if not places:
            return
        self._told[callback](self, [TopicPartition(*place) for place in places])
        for place in places:
            self.positions.pop(place, None)
            if self.group.owners.get(place) is self:
                del self.group.owners[place]
        # What librdkafka has fetched of them already it does not hand out; now and then it does.
        if self.turns.random.random() < 0.5:
            self._at_hand = [each for each in self._at_hand if each.at[:2] not in places]

    def get_watermark_offsets(
        self, at: TopicPartition, *_: Any, cached: bool = False
    ) -> tuple[int, int]:
        if not cached:
            self.turns.step()
            if not self.broker.reachable():
                raise KafkaException(KafkaError(KafkaError._TRANSPORT))  # noqa: SLF001  # its only spelling
        return 0, len(self.broker.topic(at.topic)[at.partition])

    def position(self, places: list[TopicPartition]) -> list[TopicPartition]:
        return [
            TopicPartition(each.topic, each.partition, self.positions[each.topic, each.partition])
            for each in places
            if (each.topic, each.partition) in self.positions
        ]

    def commit(self, **_: Any) -> None:
        self.turns.step()

    def close(self) -> None:
        """Leave the group in good order."""
        if self.group is not None and self in self.group.members:
            self._drop(list(self.positions), "on_revoke")
            self.group.expel(self)


class Answer:
    """What the broker says to a question of the admin client; at once, or that it is away."""

    def __init__(self, broker: Broker, said: Any) -> None:
        self._reachable, self._said = broker.reachable(), said

    def done(self) -> bool:
        return True

    def exception(self) -> Exception | None:
        return None if self._reachable else KafkaException(KafkaError(KafkaError._TRANSPORT))  # noqa: SLF001  # its only spelling

    def result(self) -> Any:
        error = self.exception()
        if error is not None:
            raise error
        return self._said


class AdminClient:
    """Tells which incarnation a topic is."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def describe_topics(self, topics: Any, **_: Any) -> dict[str, Answer]:
        self._broker.turns.step()
        return {name: self._described(name) for name in topics.topic_names}

    def _described(self, name: str) -> Answer:
        said = SimpleNamespace(topic_id="first", partitions=self._broker.topic(name))
        return Answer(self._broker, said)


class Producer:
    """An idempotent producer: what it gives up in a partition, it gives up with all behind it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._turns = broker.turns
        self._queue: list[tuple[Any, Callable[..., None]]] = []
        self._failed: list[Callable[..., None]] = []
        self._given_up: set[tuple[str, int]] = set()

    def __len__(self) -> int:
        return len(self._queue) + len(self._failed)

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int,
        on_delivery: Callable[..., None],
        headers: Any,
    ) -> None:
        self._queue.append(((topic, partition, key, value, headers), on_delivery))

    def poll(self, _: float) -> int:
        """Some of it is on its way already."""
        self._turns.step()
        if self._broker.reachable():
            self._deliver(self._turns.random.randint(0, len(self._queue)))
        return self._tell()

    def flush(self, seconds: float) -> int:
        self._turns.step()
        if not self._broker.reachable():
            if self._queue:
                self._turns.sleep(min(seconds, DELIVERY_SECONDS))
            if not self._broker.reachable():
                self._tell()
                return len(self)
        self._deliver(len(self._queue))
        self._tell()
        return len(self)

    def _deliver(self, count: int) -> None:
        for message, told in self._queue[:count]:
            place = message[:2]
            fate = "unsent" if place in self._given_up else self._broker.fate()
            if fate != "unsent":
                self._broker.append(message)
            else:
                self._given_up.add(place)
            if fate != "kept":
                self._failed.append(told)
        del self._queue[:count]

    def _tell(self) -> int:
        failed, self._failed = self._failed, []
        if not self._queue:
            self._given_up.clear()
        for told in failed:
            told(KafkaError(KafkaError._MSG_TIMED_OUT), None)  # noqa: SLF001  # its only spelling
        return len(failed)

    def purge(self) -> None:
        """Give up what waits. What was on the wire may have arrived all the same."""
        self._failed += [told for _, told in self._queue]
        if self._turns.random.random() < 0.3:
            for message, _ in self._queue[: self._turns.random.randint(0, len(self._queue))]:
                if message[:2] not in self._given_up:
                    self._broker.append(message)
        self._queue = []
