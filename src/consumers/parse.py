"""From raw records to commands: each becomes one, or a refusal to answer, or a dead letter."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson
from pydantic import ValidationError

from schemas.commands import COMMANDS, Command
from schemas.dead_letters import Reason, Unreadable
from schemas.envelope import Envelope, RawHeaders, read_envelope
from schemas.problems import Problem, invalid

COMMAND_BYTES_MAX: Final = 1_048_576


class Record(NamedTuple):
    """A message as it stands in a topic of commands."""

    shard: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders
    leader_epoch: int | None = None


@dataclass(slots=True)
class Asked:
    """A command that could be read: what is asked, or the rules that it breaks."""

    shard: int
    offset: int | None  # None: the system asks itself, no record carried it
    envelope: Envelope
    identity: bytes
    fingerprint: bytes
    command: Command | None
    problem: Problem | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that no command can be made of."""

    record: Record
    why: Unreadable
    attempts: int = 1


class Rules(NamedTuple):
    """What reading a command depends on."""

    module: str
    prefix: str
    default_tenant: str
    source_systems: frozenset[str]


def parse(records: Iterable[Record], rules: Rules) -> list[Asked | DeadLetter]:
    """Read a batch; every record comes out, in its order."""
    return [parse_one(record, rules) for record in records]


def parse_one(record: Record, rules: Rules) -> Asked | DeadLetter:
    """Read one record. Nothing is guessed: what is not exactly right is named and refused."""
    envelope = read_envelope(
        record.headers,
        default_tenant=rules.default_tenant,
        source_systems=rules.source_systems,
    )
    if isinstance(envelope, Unreadable):
        return DeadLetter(record, envelope)
    kind = COMMANDS.get(envelope.command_type)
    why = _unfit(record, envelope, kind, rules)
    if why is not None or kind is None or record.value is None:
        return DeadLetter(record, why or Unreadable(Reason.NULL_VALUE, "there is no body"))
    try:
        command = kind.__pydantic_validator__.validate_json(record.value)
    except ValidationError as error:
        return _refused(record, envelope, error)
    return Asked(
        record.shard,
        record.offset,
        envelope,
        envelope.identity(),
        command.fingerprint(),
        command,
        None,
        record,
    )


def _unfit(
    record: Record, envelope: Envelope, kind: type[Command] | None, rules: Rules
) -> Unreadable | None:
    """Why this topic cannot take the record at all, if so."""
    if kind is None:
        return Unreadable(Reason.UNKNOWN_COMMAND_TYPE, f"Command-Type: {envelope.command_type}")
    if rules.module != kind.MODULE:
        said = f"Command-Type: {kind.TYPE} belongs to the module {kind.MODULE}"
        return Unreadable(Reason.WRONG_TOPIC, said)
    if record.value is None:
        return Unreadable(Reason.NULL_VALUE, "a command needs a body")
    if envelope.reply_to and envelope.reply_to.startswith(f"{rules.prefix}."):
        return Unreadable(Reason.INVALID_HEADER, "Reply-To: must not be one of our own topics")
    if len(record.value) > COMMAND_BYTES_MAX:
        return Unreadable(Reason.TOO_LARGE, f"a command has at most {COMMAND_BYTES_MAX} bytes")
    return None


def _refused(record: Record, envelope: Envelope, error: ValidationError) -> Asked | DeadLetter:
    """A body that breaks its schema is answered; one that is no JSON object cannot be."""
    try:
        body = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError as broken:
        return DeadLetter(record, Unreadable(Reason.INVALID_JSON, f"body: {broken}"))
    if not isinstance(body, dict):
        return DeadLetter(record, Unreadable(Reason.INVALID_JSON, "body: must be a JSON object"))
    canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return Asked(
        record.shard,
        record.offset,
        envelope,
        envelope.identity(),
        blake2b(canonical, digest_size=16, person=b"invalid").digest(),
        None,
        invalid(error),
        record,
    )
