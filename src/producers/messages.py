"""What a journal row says to the world: its result and its events, the same to the byte each time.

The worker calls this with the record it has just committed, the relay with one that it has read
back. Both come to the same messages, so a consumer may drop a repeated one by its id.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

import orjson

from producers.repeats import repeated
from schemas.dead_letters import FIRST_FAILED_AT, read_replays
from schemas.times import stamp
from schemas.topics import (
    deadletter_topic,
    events_topic,
    module_of,
    partition_of,
    results_topic,
)

ANY_PARTITION: Final = -1
_JSON: Final = ("content-type", b"application/json")
_SPEC: Final = ("ce_specversion", b"1.0")
MORE: Final = "+"
"""Behind the position of all events of a journal row but the last: only then is it reached."""
ENTRIES_PER_EVENT: Final = 2_000
"""Of a command that moves more, several events tell it: a message has at most 2 MB."""
TIMELINE: Final = "Timeline"
"""Names the ledger's timeline, on all that is told after the ledger was put back."""

Headers = list[tuple[str, str | bytes | None]]
Message = tuple[str, int, bytes | None, bytes | None, Headers]
"""A Kafka message about to be sent: topic, partition, key, value, headers. A bare tuple: three of
them are made for every command."""


def position(record: dict[str, Any]) -> str:
    """Where the levels that a command's batch left stand in the journal, and the command itself.

    Whoever has read the events up to there has read all that the command changed. Opaque to
    everybody but `read_position`.
    """
    here = f"{record['shard']}:{record['sequence']}"
    levels_at = record.get("levels_at")
    if not levels_at:
        return here
    there = f"{levels_at[0]}:{levels_at[1]}"
    return there if levels_at[0] == record["shard"] else f"{here},{there}"


def read_position(text: str) -> dict[int, int]:
    """The sequence that a position names, for each shard that it names."""
    parts = (part.split(":") for part in text.split(","))
    return {int(shard): int(sequence) for shard, sequence in parts}


def messages(prefix: str, record: dict[str, Any]) -> list[Message]:
    """All messages of one journal record, in the order in which they are to be sent."""
    kind = record["kind"]
    if kind == "command":
        told = results(prefix, record, replayed=False)
        for again in record.get("again", ()):
            told += results(prefix, repeated(record, again), replayed=again[-1] is None)
        return told + _events(prefix, record)
    if kind == "levels":
        return _levels(prefix, record)
    return [_dead_letter(prefix, record)]


def results(prefix: str, record: dict[str, Any], *, replayed: bool) -> list[Message]:
    """The result of a command, for the results topic and for the topic that asked for it."""
    answer = {
        "request_id": record["request_id"],
        "idempotency_key": record["idempotency_key"],
        "tenant_id": record["tenant_id"],
        "command_type": record["command_type"],
        "status": record["status"],
        "code": record["code"],
        "replayed": replayed,
        "resource": record.get("resource"),
        "body": record.get("body"),
        "problem": record.get("problem"),
        "position": position(record),
    }
    value = orjson.dumps(answer)
    key = record["idempotency_key"].encode()
    headers: Headers = [
        _JSON,
        ("Idempotency-Key", key),
        _named("Source-System", record["source_system"]),
        *_origin(record),
    ]
    sent: list[Message] = [(results_topic(prefix), ANY_PARTITION, key, value, headers)]
    reply_to = record.get("reply_to")
    if reply_to:
        sent.append((reply_to, ANY_PARTITION, key, value, headers))
    return sent


def _origin(record: dict[str, Any]) -> Headers:
    """Which request a message goes back to; the same on results and events."""
    origin: Headers = [
        ("Request-Id", record["request_id"].encode()),
        _named("Tenant-Id", record["tenant_id"]),
    ]
    traceparent = record.get("traceparent")
    if traceparent:
        origin.append(("traceparent", traceparent.encode()))
    timeline = record.get("timeline")
    if timeline:
        origin.append((TIMELINE, b"%d" % timeline))
    return origin


@lru_cache(maxsize=1024)
def _named(header: str, value: str) -> tuple[str, bytes]:
    """A header of which few values come again and again."""
    return header, value.encode()


def _events(prefix: str, record: dict[str, Any]) -> list[Message]:
    """The facts of a command. Those without data of their own carry the body of its result."""
    facts = [
        (kind, subject, sequence, record["body"] if data is None else data)
        for kind, subject, sequence, data in record.get("events", ())
    ]
    named = _command_id(record)
    entries = record.get("movements")
    if entries:
        subject = f"movement/{named}"
        for number, start in enumerate(range(0, len(entries), ENTRIES_PER_EVENT), 1):
            part = entries[start : start + ENTRIES_PER_EVENT]
            moved = {"actor_id": record["actor_id"], "entries": part}
            facts.append(("stock.moved", subject, number, moved))
    serials = record.get("serials")
    if serials:
        facts.append(("stock.serials.changed", f"serials/{named}", 1, {"changes": serials}))
    in_bins = record.get("bins")
    if in_bins:
        facts += _bins_changed(in_bins, f"bins/{named}")
    return _cloud_events(prefix, record, facts, named)


def _bins_changed(
    changed: dict[str, list[Any]], subject: str
) -> Iterator[tuple[str, str, int, Any]]:
    """What was carried between bins and lies in them then; of some thousands, a part each."""
    longest = max(map(len, changed.values()))
    for number, start in enumerate(range(0, longest, ENTRIES_PER_EVENT), 1):
        part = {name: all_[start : start + ENTRIES_PER_EVENT] for name, all_ in changed.items()}
        yield "stock.bins.changed", subject, number, part


def _command_id(record: dict[str, Any]) -> str:
    """A name for a command made from where it stands in its topic, or from what it is about.

    A ledger that was restored and reads its topic again tells its events under the same names,
    however the batches fall this time.
    """
    offset = record["offset"]
    if offset is None:
        own: str = record["idempotency_key"]
        return own
    return f"{record['shard']}-{record.get('incarnation', 0)}-{offset}"


def _levels(prefix: str, record: dict[str, Any]) -> list[Message]:
    """The new levels that a batch left: one state event for each, folded over the whole batch."""
    facts = [
        ("stock.level.changed", subject, version, level)
        for subject, version, level in record["levels"]
    ]
    # Levels are folded over a batch, and batches fall differently each time: the moment tells
    # these from others that once stood at the same place.
    named = f"{record['shard']}-{record['sequence']}-{record['at']}"
    return _cloud_events(prefix, record, facts, named)


def _cloud_events(
    prefix: str, record: dict[str, Any], facts: list[tuple[str, str, int, Any]], named: str
) -> list[Message]:
    """Facts (type, subject, sequence, data) as CloudEvents in Kafka's binary mode.

    They go to the partition that the command came from, with the subject as their key.
    """
    if not facts:
        return []
    shard = record["shard"]
    topic, partition, source = _events_place(prefix, shard)
    here = f"{shard}-{record['sequence']}"
    last, more = ("ce_position", here.encode()), ("ce_position", f"{here}{MORE}".encode())
    shared = [_JSON, _SPEC, source, ("ce_time", record["at"].encode()), *_origin(record)]
    sent: list[Message] = []
    for number, (kind, subject, sequence, data) in enumerate(facts):
        key = subject.encode()
        headers: Headers = [
            ("ce_id", f"{named}-{number}".encode()),
            _named("ce_type", kind),
            ("ce_subject", key),
            ("ce_sequence", f"{sequence:020}".encode()),
            more if number < len(facts) - 1 else last,
            *shared,
        ]
        sent.append((topic, partition, key, orjson.dumps(data), headers))
    return sent


@cache
def _events_place(prefix: str, shard: int) -> tuple[str, int, tuple[str, bytes]]:
    """Where a shard's events go: their topic and partition; and the source that they name."""
    module = module_of(shard)
    source = ("ce_source", f"/{prefix}/{module}".encode())
    return events_topic(prefix, module), partition_of(shard), source


def _dead_letter(prefix: str, record: dict[str, Any]) -> Message:
    """The record as it came, key, value and headers unchanged, and why it went no further."""
    shard = record["shard"]
    letter = record["letter"]
    own = record_headers(letter)
    first = read_replays(own).first_failed_at
    # Spring's and Connect's tools know these names; the numbers are written as text.
    added = {
        "kafka_dlt-original-topic": letter["topic"],
        "kafka_dlt-original-partition": str(partition_of(shard)),
        "kafka_dlt-original-offset": str(letter["offset"]),
        "kafka_dlt-original-timestamp": str(letter["timestamp"]),
        "kafka_dlt-original-consumer-group": letter["group"],
        "kafka_dlt-exception-message": letter["detail"],
        "dlq-reason": letter["reason"],
        "dlq-attempts": str(letter["attempts"]),
        FIRST_FAILED_AT: record["at"] if first is None else stamp(first),
    }
    headers: Headers = [*own, *((name, value.encode()) for name, value in added.items())]
    return (
        deadletter_topic(prefix),
        partition_of(shard),
        raw(letter["key"]),
        raw(letter["value"]),
        headers,
    )


def record_headers(letter: dict[str, Any]) -> list[tuple[str, bytes | None]]:
    """The headers of the record that a letter of the journal keeps."""
    return [(name, raw(value)) for name, value in letter["headers"]]


def raw(kept: str | None) -> bytes | None:
    """Bytes that the journal keeps as hex."""
    return None if kept is None else bytes.fromhex(kept)
