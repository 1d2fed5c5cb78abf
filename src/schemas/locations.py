"""The limit of a caller to some locations: how headers spell it, and what a command names. Pure."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel, StringConstraints

from schemas.base import LocationCode
from schemas.problems import LOCATION_OUTSIDE, Problem, problem

NAMES: Final = ("location", "from_location", "to_location")
"""The members by which bodies, events and documents name a location of ours."""
_CODE: Final[StringConstraints] = get_args(LocationCode)[1]


def spelt(limit: Iterable[str]) -> str:
    """A limit as the header Locations has it: codes hold no blanks. None at all is an empty one."""
    return " ".join(sorted(limit))


def read_limit(header: str) -> frozenset[str]:
    """The locations that the header spells."""
    return frozenset(header.split())


def outside(named: Iterable[str], limit: frozenset[str]) -> Problem | None:
    """The refusal of what goes beyond the limit; None if it keeps within it."""
    beyond = sorted(set(named) - limit)
    if not beyond:
        return None
    return problem(LOCATION_OUTSIDE, ", ".join(beyond), locations=beyond)


def named_by(command: BaseModel) -> Iterator[str]:
    """Every location's code that a command's fields hold, at whatever depth."""
    for name, is_code in _fields(type(command)):
        value = getattr(command, name)
        for each in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(each, BaseModel):
                yield from named_by(each)
            elif is_code and each is not None:
                yield each


def shown_in(content: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON
    """Every location that a body names."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name in NAMES and isinstance(value, str):
                yield value
            else:
                yield from shown_in(value)
    elif isinstance(content, list):
        for each in content:
            yield from shown_in(each)


@cache
def _fields(kind: type[BaseModel]) -> tuple[tuple[str, bool], ...]:
    """The fields of a model, and whether their values, or the values in them, are such codes."""
    return tuple(
        (name, _CODE in field.metadata or _holds_codes(field.annotation))
        for name, field in kind.model_fields.items()
    )


def _holds_codes(annotation: Any) -> bool:  # noqa: ANN401  # whatever stands behind a colon
    return annotation == _CODE or any(_holds_codes(each) for each in get_args(annotation))
