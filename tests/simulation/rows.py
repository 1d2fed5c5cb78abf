"""Rows as our code writes them for Postgres, read back: arrays of a column each, and lines of COPY."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from schemas.base import shown

Row = tuple[Any, ...]
_MARK = "\x1f"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def elements(array: Any) -> list[Any]:
    """What an array holds, in whichever of the two ways it is written."""
    if not isinstance(array, str):
        return list(array)
    if array == "{}":
        return []
    if array[1] != '"':
        return array[1:-1].split(",")
    if "\\" not in array and _MARK not in array:
        return array[2:-2].split('","')
    return [re.sub(r"\\(.)", r"\1", each) for each in _QUOTED.findall(array)]


def rows_of(arrays: Iterable[Any]) -> list[Row]:
    return list(zip(*map(elements, arrays), strict=True))


def copied(line: str) -> list[str | None]:
    """The columns of a line as COPY writes it."""
    if "\\" not in line:
        return list(line.split("\t"))
    return [
        None
        if each == "\\N"
        else re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), each)
        for each in line.split("\t")
    ]


def number(text: str) -> Decimal:
    return Decimal(shown(Decimal(text)))


def binary(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))
