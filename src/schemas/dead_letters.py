"""Why a record went to the dead-letter topic: a closed list, and the words beside it."""

from dataclasses import dataclass
from enum import StrEnum


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
