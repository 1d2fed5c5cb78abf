"""Where a module's halted worker may go on: what is wrong, what that would cost, and the step itself."""

from collections.abc import Collection, Sequence
from functools import partial
from time import time
from typing import NamedTuple

import structlog
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from consumers.places import (
    Kind,
    Place,
    Stands,
    check_partitions,
    contradictions,
)
from ledger import resets, shards
from ledger.connection import connect
from ledger.resets import Reset
from ledger.shards import Position
from producers.kafka_config import client_config
from producers.kafka_topics import ADMIN_SECONDS, Reach, epochs, reaches
from schemas.settings import Settings
from schemas.topics import (
    COMMAND_PARTITIONS,
    commands_topic,
    consumer_group,
    partition_of,
    shard_of,
)

log = structlog.get_logger()


class Trouble(NamedTuple):
    """A partition that its worker halts at."""

    place: Place
    shard: int
    kind: Kind
    says: str
    position: Position
    reach: Reach

    @property
    def cost(self) -> str:
        """What is accepted by going on, and from where."""
        low, at = self.reach.low, self.position.next_offset
        if self.kind is Kind.MISSING:
            return f"{low - at} records, {at} to {low - 1}, are never applied; goes on at {low}"
        lost = (
            f"whatever the old topic held from {at} on is never applied"
            if self.kind is Kind.NEW_TOPIC
            else "whatever the log has lost and nobody applied is never applied"
        )
        return (
            f"{lost}; reads all from {low} to {self.reach.high} as incarnation "
            f"{self.position.incarnation + 1}, where known keys are answered, not applied again"
        )

    def reset(self) -> Reset:
        """The step out of it. All that is there is read again: nothing tells what of it is new."""
        return Reset(
            self.shard,
            str(self.kind),
            self.says,
            self.position.next_offset,
            self.reach.low,
            self.position.topic_id,
            self.reach.topic_id,
            new_incarnation=self.kind is not Kind.MISSING,
        )


def troubles(settings: Settings, module: str) -> list[Trouble]:
    """Every partition of a module's commands that a worker would halt at now.

    Raises:
        HaltError: the topic has another number of partitions: no reset makes that good.
        KafkaException, psycopg.Error: a server does not answer, or there is no such topic.
    """
    topic = commands_topic(settings.topic_prefix, module)
    reach = reaches(settings, [topic])
    check_partitions({topic: len(reach)}, COMMAND_PARTITIONS)
    with connect(settings.ledger_url, "stockyard reset") as connection:
        found = shards.positions(
            connection, [shard_of(module, number) for number in range(COMMAND_PARTITIONS)]
        )
    stands = {Place(topic, partition_of(shard)): Stands(*at[:3]) for shard, at in found.items()}
    here = {Place(*place): at for place, at in reach.items()}
    wrong = contradictions(stands, here, partial(epochs, settings))
    return [
        Trouble(place, shard, *wrong[place], found[shard], here[place])
        for shard in sorted(found)
        if (place := Place(topic, partition_of(shard))) in wrong
    ]


def too_old(settings: Settings, chosen: Collection[Trouble]) -> Place | None:
    """A partition to be read again that holds records older than the keys that would tell repeats.

    Raises:
        KafkaException: the broker does not answer.
    """
    again = {each.place: each.reach for each in chosen if each.kind is not Kind.MISSING}
    kept_since_ms = int((time() - settings.idempotency_retention.total_seconds()) * 1000)
    consumer = Consumer({**client_config(settings), "group.id": "stockyard-reset"})
    try:
        asked = [TopicPartition(*place, kept_since_ms) for place in again]
        # Offsets below zero: no record is as young as that.
        since = consumer.offsets_for_times(asked, ADMIN_SECONDS) if asked else []
        for at in since:
            place = Place(at.topic, at.partition)
            first_kept = at.offset if at.offset >= 0 else again[place].high
            if first_kept > again[place].low:
                return place
    finally:
        consumer.close()
    return None


def at_work(settings: Settings, module: str) -> list[str]:
    """Who reads the module's commands now, or did a moment ago; nothing when nobody does.

    Raises:
        KafkaException, psycopg.Error: a server does not answer.
    """
    group = consumer_group(settings.topic_prefix, module)
    admin = AdminClient(client_config(settings))
    asked = admin.describe_consumer_groups([group], request_timeout=ADMIN_SECONDS)
    members = [f"{each.client_id} on {each.host}" for each in asked[group].result().members]
    with connect(settings.ledger_url, "stockyard reset") as connection:
        numbers = [shard_of(module, number) for number in range(COMMAND_PARTITIONS)]
        return members + sorted(set(resets.workers_of(connection, numbers).values()))


def reset(settings: Settings, chosen: Collection[Trouble], actor: str) -> Sequence[Reset]:
    """Let the workers go on as each trouble says, all or none; kept in table consumer_reset.

    Raises:
        FencedError: a shard has moved since the trouble was found.
        psycopg.Error: nothing was changed, or it is unknown whether it was: look again.
    """
    steps = [trouble.reset() for trouble in chosen]
    with connect(settings.ledger_url, "stockyard reset") as connection:
        resets.reset(connection, steps, actor)
    for step in steps:
        log.warning("reset", actor=actor, **step._asdict())
    return steps
