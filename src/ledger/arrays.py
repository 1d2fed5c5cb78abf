"""Columns on their way into `unnest`: whole arrays spelt as one text each.

psycopg can adapt lists itself, element by element in Python; for the thousands of keys of a batch
that cost more than the query (11 microseconds a command; this costs one).
"""

from collections.abc import Iterable

_MARK = "\x1f"  # a control character: in no key of ours (schemas.base)


def texts(values: Iterable[str]) -> str:
    """An array of texts, none of them null, none with a control character."""
    joined = _MARK.join(values)
    if "\\" in joined:
        joined = joined.replace("\\", "\\\\")
    if '"' in joined:
        joined = joined.replace('"', '\\"')
    return '{"' + joined.replace(_MARK, '","') + '"}'


def numbers(values: Iterable[object]) -> str:
    """An array of integers or decimals, none of them null."""
    return "{" + ",".join(map(str, values)) + "}"


def binaries(values: Iterable[bytes]) -> str:
    """An array of byte strings, none of them null."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"
