"""An event or a result as its message tells it: all that the read tables are made from."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from ledger.timeline import FIRST_TIMELINE
from producers.messages import MORE, TIMELINE

RESULT: Final = "result"
"""The type under which results are folded; events have a dot in theirs."""

Headers = Iterable[tuple[str, str | bytes | None]]


class Event(NamedTuple):
    """A fact, and where it stands in its shard's journal."""

    type: str
    tenant_id: str
    shard: int  # of a result: -1, since its position stands in its body
    sequence: int
    complete: bool  # no other event of the same journal row comes behind it
    version: int  # counts the changes of its subject
    at: str
    source_system: str  # of results only
    value: bytes
    timeline: int = FIRST_TIMELINE  # of the ledger that told it


class UnreadableError(RuntimeError):
    """A message of ours is not as we write them: the writer or the reader has a bug."""


def read_event(headers: Headers, value: bytes | None) -> Event | None:
    """The event of a message; None when its type is missing: then none of ours sent it.

    Raises:
        UnreadableError: it has a type, but not what belongs to every event.
    """
    named: dict[str, Any] = dict(headers)
    kind = named.get("ce_type")
    if kind is None:
        return None
    try:
        position = named["ce_position"].decode()
        shard, sequence = position.removesuffix(MORE).split("-")
        return Event(
            kind.decode(),
            named["Tenant-Id"].decode(),
            int(shard),
            int(sequence),
            not position.endswith(MORE),
            int(named["ce_sequence"]),
            named["ce_time"].decode(),
            "",
            value or b"",
            _timeline(named),
        )
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise UnreadableError(f"{kind.decode(errors='replace')}: {error!r}") from error


def read_result(headers: Headers, value: bytes | None, at: str) -> Event:
    """The result of a message, told at a moment that the message does not state.

    Raises:
        UnreadableError: it has not the headers of a result.
    """
    named: dict[str, Any] = dict(headers)
    try:
        tenant = named["Tenant-Id"].decode()
        source = named["Source-System"].decode()
        timeline = _timeline(named)
    except (KeyError, AttributeError, ValueError) as error:
        raise UnreadableError(f"result: {error!r}") from error
    body = value or b""
    return Event(RESULT, tenant, -1, 0, True, 0, at, source, body, timeline)  # noqa: FBT003  # the row's column


def _timeline(named: dict[str, Any]) -> int:
    """Nothing says it as long as the ledger was never put back."""
    return int(named.get(TIMELINE, FIRST_TIMELINE))


def moment(timestamp_ms: int) -> str:
    """A broker's timestamp, as events write their time."""
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat()
