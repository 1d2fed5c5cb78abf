"""Why a record went to the dead-letter topic: a closed list; and the marks of one that was redriven."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class Reason(StrEnum):
    """The reasons for which a record cannot become a command."""

    NULL_VALUE = "null-value"
    TOO_LARGE = "too-large"
    MISSING_HEADER = "missing-header"
    INVALID_HEADER = "invalid-header"
    DUPLICATE_HEADER = "duplicate-header"
    INVALID_JSON = "invalid-json"
    UNKNOWN_COMMAND_TYPE = "unknown-command-type"
    WRONG_TOPIC = "wrong-topic"
    UNPROCESSABLE = "unprocessable"
    """Readable, yet applying it failed alone and again: a bug, or data no table takes."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no command: the reason, and which field broke which rule."""

    reason: Reason
    detail: str


LETTER: Final = "dlq-letter"
REPLAYS: Final = "dlq-replays"
FIRST_FAILED_AT: Final = "dlq-first-failed-at"
REDRIVEN: Final = (LETTER, REPLAYS, FIRST_FAILED_AT)
"""The headers behind a redriven record's own: the letter that it was, how often it has been
redriven, and when it failed for the first time."""
_REPLAYS: Final = re.compile(rb"[0-9]{1,4}")
_MOMENT: Final = re.compile(rb"20[0-9]{2}-[0-9T:.-]{10,30}Z")

Headers = Sequence[tuple[str, bytes | None]] | None


class Replayed(NamedTuple):
    """What a record's headers tell of its redrives."""

    replays: int = 0
    first_failed_at: datetime | None = None


def read_replays(headers: Headers) -> Replayed:
    """How often a record was redriven; what is no mark of ours counts as none."""
    if not _is_marked(headers):
        return Replayed()
    _, (_, replays), (_, first) = (headers or ())[-len(REDRIVEN) :]
    times = int(replays) if replays and _REPLAYS.fullmatch(replays) else 0
    return Replayed(times, _moment(first or b""))


def _moment(text: bytes) -> datetime | None:
    try:
        return datetime.fromisoformat(text.decode()) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


def own_headers(headers: Headers) -> list[tuple[str, bytes | None]]:
    """The headers that a record came with the first time."""
    kept = list(headers or ())
    return kept[: -len(REDRIVEN)] if _is_marked(kept) else kept


def _is_marked(headers: Headers) -> bool:
    return tuple(name for name, _ in (headers or ())[-len(REDRIVEN) :]) == REDRIVEN
