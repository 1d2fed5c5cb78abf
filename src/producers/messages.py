"""What a journal row says to the world: its result and its events, the same to the byte each time.

The worker calls this with the record it has just committed, the relay with one that it has read
back. Both come to the same messages, so a consumer may drop a repeated one by its id.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

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

Headers = list[tuple[str, bytes | None]]


class Message(NamedTuple):
    """A Kafka message about to be sent."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def position(record: dict[str, Any]) -> str:
    """Where a command stands in the journal, and its levels if they stand in another shard.

    Whoever has read the events up to there has read all that the command changed. Opaque to
    everybody but `read_position`.
    """
    here = f"{record['shard']}:{record['sequence']}"
    elsewhere = record["levels_at"]
    return f"{here},{elsewhere[0]}:{elsewhere[1]}" if elsewhere else here


def read_position(text: str) -> dict[int, int]:
    """The sequence that a position names, for each shard that it names."""
    parts = (part.split(":") for part in text.split(","))
    return {int(shard): int(sequence) for shard, sequence in parts}


def messages(prefix: str, record: dict[str, Any]) -> Iterator[Message]:
    """All messages of one journal record, in the order in which they are to be sent."""
    kind = record["kind"]
    if kind == "command":
        yield from results(prefix, record, replayed=False)
        yield from _events(prefix, record)
    elif kind == "levels":
        yield from _levels(prefix, record)
    else:
        yield _dead_letter(prefix, record)


def results(prefix: str, record: dict[str, Any], *, replayed: bool) -> Iterator[Message]:
    """The result of a command, for the results topic and for the topic that asked for it."""
    answer = {
        "request_id": record["request_id"],
        "idempotency_key": record["idempotency_key"],
        "tenant_id": record["tenant_id"],
        "command_type": record["command_type"],
        "status": record["status"],
        "code": record["code"],
        "replayed": replayed,
        "resource": record["resource"],
        "body": record["body"],
        "problem": record["problem"],
        "position": position(record),
    }
    value = orjson.dumps(answer)
    headers: Headers = [
        _JSON,
        ("Request-Id", record["request_id"].encode()),
        ("Idempotency-Key", record["idempotency_key"].encode()),
        ("Source-System", record["source_system"].encode()),
        ("Tenant-Id", record["tenant_id"].encode()),
    ]
    if record["traceparent"]:
        headers.append(("traceparent", record["traceparent"].encode()))
    key = record["idempotency_key"].encode()
    yield Message(results_topic(prefix), ANY_PARTITION, key, value, headers)
    if record["reply_to"]:
        yield Message(record["reply_to"], ANY_PARTITION, key, value, headers)


def _events(prefix: str, record: dict[str, Any]) -> Iterator[Message]:
    """The facts of a command. Those without data of their own carry the body of its result."""
    for number, (kind, subject, sequence, data) in enumerate(record["events"]):
        value = orjson.dumps(record["body"] if data is None else data)
        yield _event(prefix, record, number, kind, subject, sequence, value)
    entries = record["movements"]
    if entries:
        subject = f"movement/{record['shard']}-{record['sequence']}"
        value = orjson.dumps({"actor_id": record["actor_id"], "entries": entries})
        number = len(record["events"])
        yield _event(prefix, record, number, "stock.moved", subject, 1, value)


def _levels(prefix: str, record: dict[str, Any]) -> Iterator[Message]:
    """The new levels that a batch left: one state event for each, folded over the whole batch."""
    for number, (subject, version, level) in enumerate(record["levels"]):
        value = orjson.dumps(level)
        yield _event(prefix, record, number, "stock.level.changed", subject, version, value)


def _event(  # noqa: PLR0913  # what an event is made of
    prefix: str,
    record: dict[str, Any],
    number: int,
    kind: str,
    subject: str,
    sequence: int,
    value: bytes,
) -> Message:
    """A CloudEvent in Kafka's binary mode, for the partition that the command came from."""
    shard = record["shard"]
    module = module_of(shard)
    key = subject.encode()
    headers: Headers = [
        _JSON,
        _SPEC,
        ("ce_id", f"{shard}-{record['sequence']}-{number}".encode()),
        ("ce_type", kind.encode()),
        ("ce_source", f"/{prefix}/{module}".encode()),
        ("ce_subject", key),
        ("ce_time", record["at"].encode()),
        ("ce_sequence", b"%020d" % sequence),
        ("Request-Id", record["request_id"].encode()),
        ("Tenant-Id", record["tenant_id"].encode()),
    ]
    if record["traceparent"]:
        headers.append(("traceparent", record["traceparent"].encode()))
    return Message(events_topic(prefix, module), partition_of(shard), key, value, headers)


def _dead_letter(prefix: str, record: dict[str, Any]) -> Message:
    """The record as it came, key, value and headers unchanged, and why it went no further."""
    shard = record["shard"]
    letter = record["letter"]
    headers: Headers = [
        (name, None if value is None else bytes.fromhex(value)) for name, value in letter["headers"]
    ]
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
        "dlq-first-failed-at": record["at"],
    }
    headers.extend((name, value.encode()) for name, value in added.items())
    return Message(
        deadletter_topic(prefix),
        partition_of(shard),
        None if letter["key"] is None else bytes.fromhex(letter["key"]),
        None if letter["value"] is None else bytes.fromhex(letter["value"]),
        headers,
    )
