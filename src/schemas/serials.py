"""Serials as messages spell them: one by one, or as ranges, which are read into single ones at once."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Protocol, TypeVar

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

SERIALS_MAX: Final = 10_000
"""So many a command may name, over all of its lines."""
SPELT_MAX: Final = 250_000
"""So many characters they may take up as messages spell them: a record tells them four times."""
NAMED_MAX: Final = 5
"""How many of those that are wrong a refusal spells out; it counts all of them."""
_RANGE_MIN: Final = 3
_SERIAL: Final = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
_NUMBERED: Final = re.compile(r"(.*?)([0-9]+)", re.DOTALL)
_CODE: Final = {"type": "string", "pattern": r"^[!-~]([ -~]{0,62}[!-~])?$"}
_SCHEMA: Final = {
    "type": "array",
    "items": {
        "oneOf": [
            _CODE,
            {
                "type": "object",
                "properties": {"from": _CODE, "to": _CODE},
                "required": ["from", "to"],
                "additionalProperties": False,
                "description": "the same up to the number that they end with, which is as wide",
            },
        ]
    },
    "description": "each unit by its serial; a range stands for all from its first to its last",
    "examples": [["SN0007", {"from": "SN0100", "to": "SN0199"}]],
}


def _wrong(at: int, said: str) -> PydanticCustomError:
    return PydanticCustomError("serials", "item {at} {said}", {"at": at, "said": said})


def spelt_out(value: object) -> tuple[str, ...]:
    """Every single serial of a list of serials and ranges, in their order.

    Raises:
        PydanticCustomError: it is no such list, too long, or names one twice.
    """
    if isinstance(value, tuple):
        value = list(value)
    if not isinstance(value, list):
        raise PydanticCustomError("serials", "must be a list of serials and ranges")
    found: list[str] = []
    for at, each in enumerate(value):
        found += _range(at, each) if isinstance(each, dict) else [_code(at, each)]
        if len(found) > SERIALS_MAX:
            raise PydanticCustomError("serials", "must name at most {max}", {"max": SERIALS_MAX})
    if len(set(found)) < len(found):
        raise PydanticCustomError("serials", "{said}", {"said": _twice(found)})
    _bound_spelling(found)
    return tuple(found)


def _code(at: int, value: object) -> str:
    if isinstance(value, str) and _SERIAL.fullmatch(value):
        return value
    raise _wrong(at, "must be 1 to 64 printable ASCII characters, no blank at either end")


def _range(at: int, value: dict[Any, Any]) -> list[str]:
    if set(value) != {"from", "to"}:
        raise _wrong(at, "must have from and to, and nothing else")
    first, last = (_NUMBERED.fullmatch(_code(at, value[end])) for end in ("from", "to"))
    if first is None or last is None:
        raise _wrong(at, "must end with a number on both sides")
    prefix, digits = first.groups()
    if last[1] != prefix or len(last[2]) != len(digits):
        raise _wrong(at, "must have the same prefix and as many digits on both sides")
    start, end = int(digits), int(last[2])
    if end < start:
        raise _wrong(at, "must not end before it begins")
    if end - start >= SERIALS_MAX:
        raise _wrong(at, f"must name at most {SERIALS_MAX}")
    return [f"{prefix}{number:0{len(digits)}}" for number in range(start, end + 1)]


def _twice(found: Sequence[str]) -> str:
    named = Counter(found)
    return f"must name each once: {listed(each for each in named if named[each] > 1)}"


def listed(serials: Iterable[str]) -> str:
    """The first few of them, and how many more there are."""
    each = list(serials)
    more = len(each) - NAMED_MAX
    return ", ".join(each[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def compact(serials: Iterable[str]) -> list[str | dict[str, str]]:
    """The same serials in the same order, what follows one on another as ranges."""
    told: list[str | dict[str, str]] = []
    run: list[str] = []
    following: str | None = None
    for serial in serials:
        if run and serial != following:
            told += _told(run)
            run = []
        run.append(serial)
        following = _next(serial)
    return told + _told(run)


def _told(run: list[str]) -> list[str | dict[str, str]]:
    return [{"from": run[0], "to": run[-1]}] if len(run) >= _RANGE_MIN else list(run)


def _next(serial: str) -> str | None:
    numbered = _NUMBERED.fullmatch(serial)
    if numbered is None:
        return None
    prefix, digits = numbered.groups()
    following = str(int(digits) + 1)
    return prefix + following.zfill(len(digits)) if len(following) <= len(digits) else None


Serials = Annotated[
    tuple[str, ...],
    PlainValidator(spelt_out),
    PlainSerializer(compact, when_used="json"),
    WithJsonSchema(_SCHEMA),
]
"""Single serials; messages spell them as `compact` does."""


class Line(Protocol):
    """A line of a command that may name serials."""

    @property
    def serials(self) -> tuple[str, ...] | None:
        """Those of its units."""


Lines = TypeVar("Lines", bound=Sequence[Line])


def bounded(lines: Lines) -> Lines:
    """The lines of a command, if they name no more serials together than a record can tell.

    Raises:
        PydanticCustomError: they do.
    """
    named = [line.serials for line in lines if line.serials]
    if not named:
        return lines
    if sum(map(len, named)) > SERIALS_MAX:
        raise PydanticCustomError(
            "serials", "must name at most {max} serials together", {"max": SERIALS_MAX}
        )
    _bound_spelling([serial for serials in named for serial in serials])
    return lines


def _bound_spelling(serials: Sequence[str]) -> None:
    spelt = sum(
        len(each) if isinstance(each, str) else 2 * len(each["to"]) for each in compact(serials)
    )
    if spelt > SPELT_MAX:
        raise PydanticCustomError(
            "serials", "must spell its serials with at most {max} characters", {"max": SPELT_MAX}
        )
