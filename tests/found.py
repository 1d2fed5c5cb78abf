"""What stands in the ledger and in the topics: all of it, or what came since the last proof."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from schemas.envelope import identity
from schemas.settings import Settings
from schemas.topics import commands_topic, events_topic, results_topic, shard_of

if TYPE_CHECKING:
    from pipelines import Pipeline

Identity = tuple[str, str, str]
"""Tenant, source system, idempotency key."""
Subject = tuple[bytes, bytes, bytes]
"""Tenant, the ledger's own name, and what an event is about."""


@dataclass
class Settled:
    """What earlier proofs of a long test have found right, so that a later one begins behind it."""

    sequences: dict[int, int] = field(default_factory=dict)
    """By shard: the last of its journal."""
    offsets: dict[int, int] = field(default_factory=dict)
    """By shard: the next of its partition."""
    applied: set[bytes] = field(default_factory=set)
    """The identities of all commands."""
    subjects: dict[Subject, int] = field(default_factory=dict)
    """The last `ce_sequence` of each."""

    def holds(self, shard: int, sequence: int) -> bool:
        return sequence <= self.sequences.get(shard, 0)


@dataclass
class Found:
    """What stands in the ledger and in the topics, once all has come to rest."""

    pipeline: "Pipeline"

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The journal."""
        settled = self.settled.sequences
        rows = self.pipeline.query(
            "SELECT record FROM journal LEFT JOIN unnest(%s::smallint[], %s::bigint[])"
            " AS settled(shard, up_to) USING (shard) WHERE sequence > coalesce(up_to, 0)"
            " ORDER BY shard, sequence",
            list(settled),
            list(settled.values()),
        )
        return [orjson.loads(text) for (text,) in rows]

    @property
    def settled(self) -> Settled:
        return self.pipeline.settled

    def settle(self) -> Settled:
        """All that holds so far, for the next proof to begin from."""
        subjects = {subject: max(numbers) for subject, numbers in self.counted.items()}
        return Settled(
            dict(self.pipeline.query("SELECT shard, next_sequence - 1 FROM shard")),
            dict(self.pipeline.query("SELECT shard, next_offset FROM shard")),
            self.settled.applied | {identity(*named) for named in self.applied},
            self.settled.subjects | subjects,
        )

    @cached_property
    def applied(self) -> dict[Identity, list[dict[str, Any]]]:
        """The journal's commands, the system's own left out."""
        found: dict[Identity, list[dict[str, Any]]] = {}
        for record in self.records:
            if record["kind"] == "command" and record["offset"] is not None:
                found.setdefault(identity_of(record), []).append(record)
        return found

    @cached_property
    def letters(self) -> set[tuple[int, int]]:
        """Shard and offset of every dead letter."""
        return {
            (record["shard"], record["letter"]["offset"])
            for record in self.records
            if record["kind"] == "dead_letter"
        }

    @cached_property
    def consumed(self) -> dict[Identity, list[tuple[int, int]]]:
        """Where each command stands in its topic, those that became dead letters left out."""
        found: dict[Identity, list[tuple[int, int]]] = {}
        for module in self.pipeline.whole_modules:
            for message in self.pipeline.read(commands_topic(self.prefix, module)):
                place = (shard_of(module, message.partition()), message.offset())
                if place not in self.letters:
                    found.setdefault(identity_in(message), []).append(place)
        return found

    @cached_property
    def events(self) -> list[Any]:
        """Every event message, copies and all."""
        topics = [events_topic(self.prefix, module) for module in self.pipeline.modules]
        return [message for topic in topics for message in self.pipeline.read(topic)]

    @cached_property
    def counted(self) -> dict[Subject, set[int]]:
        """The `ce_sequence` numbers of each tenant's subject, without those settled before."""
        found: dict[Subject, set[int]] = {}
        for message in self.events:
            named = dict(message.headers())
            source = named["ce_source"].rpartition(b"/")[0]
            subject = (named["Tenant-Id"], source, named["ce_subject"])
            if int(named["ce_sequence"]) > self.settled.subjects.get(subject, 0):
                found.setdefault(subject, set()).add(int(named["ce_sequence"]))
        return found

    @cached_property
    def results(self) -> dict[Identity, list[dict[str, Any]]]:
        """Every result, copies and all."""
        found: dict[Identity, list[dict[str, Any]]] = {}
        for message in self.pipeline.read(results_topic(self.prefix)):
            source = dict(message.headers())["Source-System"].decode()
            result = orjson.loads(message.value())
            named = (result["tenant_id"], source, result["idempotency_key"])
            found.setdefault(named, []).append(result)
        return found

    @property
    def prefix(self) -> str:
        return self.pipeline.settings.topic_prefix

    @property
    def duplicates(self) -> int:
        """Copies that were told, and are recognised as such: of events, and of first answers."""
        events = len(self.events) - len({id_of(message) for message in self.events})
        firsts = [sum(not each["replayed"] for each in copies) for copies in self.results.values()]
        return events + sum(copies - 1 for copies in firsts if copies > 1)


def identity_of(record: dict[str, Any]) -> Identity:
    return record["tenant_id"], record["source_system"], record["idempotency_key"]


def identity_asked(each: Any, settings: Settings) -> Identity:
    given = each.headers
    return (
        given.get("Tenant-Id", settings.default_tenant),
        given["Source-System"],
        given["Idempotency-Key"],
    )


def identity_in(message: Any) -> Identity:
    given = {name.lower(): value for name, value in message.headers()}
    tenant = given.get("tenant-id", Settings().default_tenant.encode())
    return tenant.decode(), given["source-system"].decode(), given["idempotency-key"].decode()


def place_of(message: Any) -> tuple[int, int]:
    """The shard and sequence of an event's journal row."""
    shard, _, sequence = dict(message.headers())["ce_position"].decode().rstrip("+").partition("-")
    return int(shard), int(sequence)


def id_of(message: Any) -> bytes:
    return bytes(dict(message.headers())["ce_id"])
