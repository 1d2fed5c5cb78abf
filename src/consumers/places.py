"""Where we stand in a topic, and whether the topic can be read on from there. Pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from producers.kafka_topics import Reach

RUNBOOK: Final = "See docs/runbooks/halted-worker.md"


class HaltError(RuntimeError):
    """Going on would lose or repeat something, or set aside most of a topic: a person must look."""


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic} [{self.partition}]"


class Stands(NamedTuple):
    """Where the database stands in a partition, and in which incarnation of the topic."""

    next_offset: int
    topic_id: str | None
    leader_epoch: int | None = None  # of the last record that was applied


class Kind(StrEnum):
    """How a topic and the database can contradict each other."""

    NEW_TOPIC = "new topic"
    LOST_END = "lost end"
    MISSING = "missing records"


class Contradiction(NamedTuple):
    """What is wrong with a partition, said so that a person can act."""

    kind: Kind
    says: str


def contradiction(place: Place, stands: Stands, reach: Reach) -> Contradiction | None:
    """What keeps a partition, as it is now, from being read on from where the database stands."""
    known, at = stands.topic_id, stands.next_offset
    if known is not None and known != reach.topic_id:
        said = (
            f"{place} was deleted and made anew: the database counts in topic {known}, "
            f"the broker has {reach.topic_id}"
        )
        return Contradiction(Kind.NEW_TOPIC, said)
    if at > reach.high:
        said = (
            f"{place} ends at {reach.high}, but the database has applied up to {at}: "
            "the log has lost its end"
        )
        return Contradiction(Kind.LOST_END, said)
    if at < reach.low:
        said = (
            f"{place} begins at {reach.low}, but {at} to {reach.low - 1} were never applied: "
            "retention has passed us"
        )
        return Contradiction(Kind.MISSING, said)
    return None


def rewritten(place: Place, stands: Stands, epoch: int | None) -> Contradiction:
    """The record that was applied last is not the one that stands there now."""
    said = (
        f"{place} holds other records than the database has applied up to {stands.next_offset}: "
        f"the log has lost its end and was written on (leader epoch {epoch}, "
        f"applied was {stands.leader_epoch})"
    )
    return Contradiction(Kind.LOST_END, said)


def contradictions(
    stands: Mapping[Place, Stands],
    reaches: Mapping[Place, Reach],
    read_back: Callable[[Mapping[tuple[str, int], int]], Mapping[tuple[str, int], int | None]],
) -> dict[Place, Contradiction]:
    """What keeps each of the places from being read on; those that are well are left out.

    `read_back` tells the leader epochs of the records at some offsets, as far as they are there.
    """
    found = {
        place: wrong
        for place, at in stands.items()
        if (wrong := contradiction(place, at, reaches[place]))
    }
    last: dict[tuple[str, int], int] = {
        place: at.next_offset - 1
        for place, at in stands.items()
        if at.leader_epoch is not None
        and place not in found
        and at.next_offset > reaches[place].low
    }
    for key, epoch in read_back(last).items():
        place = Place(*key)
        if epoch != stands[place].leader_epoch:
            found[place] = rewritten(place, stands[place], epoch)
    return found


def check_partitions(topics: Mapping[str, int], expected: int) -> None:
    """Halt where a topic has more or fewer partitions than its keys were spread over.

    Raises:
        HaltError: names the topic.
    """
    for topic, count in topics.items():
        if count != expected:
            raise HaltError(
                f"{topic} has {count} partitions instead of {expected}: keys have moved to other "
                f"partitions, and their order with them. {RUNBOOK}"
            )
