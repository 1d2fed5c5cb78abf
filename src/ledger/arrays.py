"""Columns on their way into `unnest`: whole arrays spelt as one text each.

psycopg can adapt lists itself, element by element in Python; for the thousands of keys of a batch
that cost more than the query (11 microseconds a command; this costs one).
"""

from collections.abc import Iterable
from typing import Final

_MARK: Final = "\x1f"  # a control character; where a value holds one, the slow way is taken


def texts(values: Iterable[str]) -> str:
    """An array of texts, none of them null. As a text it may become an array of any type."""
    each = list(values)
    joined = _MARK.join(each)
    if "\\" in joined:
        joined = joined.replace("\\", "\\\\")
    if '"' in joined:
        joined = joined.replace('"', '\\"')
    if joined.count(_MARK) >= max(len(each), 1):
        return _one_by_one(each)
    return '{"' + joined.replace(_MARK, '","') + '"}' if each else "{}"


def _one_by_one(values: list[str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def numbers(values: Iterable[object]) -> str:
    """An array of integers or decimals, none of them null."""
    return "{" + ",".join(map(str, values)) + "}"


def binaries(values: Iterable[bytes]) -> str:
    """An array of byte strings, none of them null."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"
