"""Kafka as far as the workers know it, in memory: topics, a group's members, and ways to lose both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zlib import crc32

from simulation.turns import Task, Turns

SESSION_SECONDS = 10.0
Place = tuple[str, int]


class Message(NamedTuple):
    """A record of a topic, with the methods that librdkafka's have."""

    at: tuple[str, int, int]
    stamp_ms: int
    key_: bytes | None
    value_: bytes | None
    headers_: Any

    def topic(self) -> str:
        return self.at[0]

    def partition(self) -> int:
        return self.at[1]

    def offset(self) -> int:
        return self.at[2]

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp_ms

    def key(self) -> bytes | None:
        return self.key_

    def value(self) -> bytes | None:
        return self.value_

    def headers(self) -> Any:
        return self.headers_

    def __len__(self) -> int:
        return len(self.value_ or b"")

    @staticmethod
    def leader_epoch() -> None:
        """Nothing here ever loses its end."""

    @staticmethod
    def error() -> None:
        return None


@dataclass(eq=False)
class Broker:
    """The topics, the groups, and what may happen on the way."""

    turns: Turns
    partitions: int
    batch_max: int
    away_until: float = 0.0
    topics: dict[str, list[list[Message]]] = field(default_factory=dict)
    groups: dict[str, "Group"] = field(default_factory=dict)
    fate: Callable[[], str] = lambda: "kept"
    """Of a message: `kept`; `unsent`, it never arrived; `unheard`, its acknowledgement did not."""
    seeks_back: Callable[[], bool] = lambda: False
    """Whether a consumer reads a part of a partition again."""

    def topic(self, name: str) -> list[list[Message]]:
        if name not in self.topics:
            self.topics[name] = [[] for _ in range(self.partitions)]
        return self.topics[name]

    def append(self, message: Any) -> Message:
        topic, partition, key, value, headers = message
        logs = self.topic(topic)
        if partition < 0:
            partition = crc32(key or b"") % len(logs)
        at = (topic, partition, len(logs[partition]))
        logs[partition].append(Message(at, int(self.turns.now * 1000), key, value, headers))
        return logs[partition][-1]

    def read(self, topic: str) -> list[Message]:
        return [message for log in self.topic(topic) for message in log]

    def reachable(self) -> bool:
        return self.away_until <= self.turns.now

    def end(self, task: Task) -> None:
        """A process died: its members fall silent, its producers' queues are gone but for a part."""
        for group in self.groups.values():
            for member in group.members:
                if member.task is task:
                    self.turns.at(
                        self.turns.now + SESSION_SECONDS, lambda g=group, m=member: g.expel(m)
                    )

    def silence(self, task: Task) -> None:
        """A process froze: so long without a heartbeat, and others have its partitions."""
        self.end_if_still_frozen(task, self.turns.now + SESSION_SECONDS)

    def end_if_still_frozen(self, task: Task, moment: float) -> None:
        def look() -> None:
            if task.frozen_until > self.turns.now:
                for group in self.groups.values():
                    for member in [each for each in group.members if each.task is task]:
                        group.expel(member)

        self.turns.at(moment, look)


@dataclass(eq=False)
class Group:
    """Who is a member, and which partition whose."""

    broker: Broker
    topics: list[str]
    members: list[Any] = field(default_factory=list)
    owners: dict[Place, Any] = field(default_factory=dict)
    generation: int = 0

    def places(self) -> list[Place]:
        return [
            (topic, number)
            for topic in self.topics
            for number in range(len(self.broker.topic(topic)))
        ]

    def join(self, member: Any) -> None:
        self.members.append(member)
        self.generation += 1

    def expel(self, member: Any) -> None:
        """Take a member out; it learns of it when it next asks."""
        if member not in self.members:
            return
        self.members.remove(member)
        self.generation += 1
        member.expelled = True
        for place in [place for place, owner in self.owners.items() if owner is member]:
            del self.owners[place]

    def wanted(self, member: Any) -> set[Place]:
        """What the member should have; each generation deals the partitions out anew."""
        at = self.members.index(member)
        count = len(self.members)
        return {
            place
            for number, place in enumerate(self.places())
            if (number + self.generation) % count == at
        }
