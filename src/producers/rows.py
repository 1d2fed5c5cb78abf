"""Lines of a file or stream, numbered from 1, each either fields to use or a reason why not."""

import csv
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TextIO

import orjson
from pydantic import ValidationError

from schemas.commands import Command
from schemas.problems import invalid

LINE_CHARACTERS_MAX: Final = 1_048_576


class Row(NamedTuple):
    """One line's fields by name. A CSV row's fields are text, none of them empty."""

    line: int
    fields: dict[str, Any]


class LineCommand(NamedTuple):
    """The command that a line asks for, the key that orders it, and the key of its one effect."""

    line: int
    command: Command
    key: str
    idempotency_key: str


class BadRow(NamedTuple):
    """A line that nothing can be made of."""

    line: int
    reason: str
    found: object
    """What stands there, for whoever mends it."""


def lines(stream: TextIO) -> Iterator[str]:
    """The lines of a stream; an endless one comes in pieces, so that memory stays bounded."""
    while line := stream.readline(LINE_CHARACTERS_MAX):
        yield line


def ndjson_rows(stream: TextIO) -> Iterator[Row | BadRow]:
    """Every line that is not blank as a JSON object; `stream` is decoded with surrogateescape."""
    for number, line in enumerate(lines(stream), start=1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row | BadRow:
    try:
        fields = orjson.loads(line.encode("utf-8", "surrogateescape"))
    except orjson.JSONDecodeError as error:
        return BadRow(number, f"not JSON: {error}", line.rstrip("\r\n"))
    if not isinstance(fields, dict):
        return BadRow(number, "not a JSON object", fields)
    return Row(number, fields)


def csv_rows(stream: TextIO) -> Iterator[Row | BadRow]:
    """Every row below the header; a row that fills several lines is named by its first.

    Raises:
        ValueError: there is no header, or it names a column twice.
    """
    reader = csv.reader(lines(stream), strict=True)
    header = [name.strip() for name in next(reader, [])]
    if not header or len(set(header)) < len(header):
        raise ValueError(f"line 1 must name each column once, and has: {', '.join(header)}")
    while (row := _csv_row(reader, header)) is not None:
        if not isinstance(row, Row) or row.fields:
            yield row


def _csv_row(reader: "csv._reader", header: list[str]) -> Row | BadRow | None:  # type: ignore[name-defined]  # typeshed has it, csv does not show it
    """The next row, None at the end."""
    number = reader.line_num + 1
    try:
        cells = next(reader, None)
    except csv.Error as error:
        return BadRow(number, f"not CSV (read up to line {reader.line_num}): {error}", None)
    if cells is None:
        return None
    if len(cells) not in (0, len(header)):
        return BadRow(number, f"{len(cells)} cells, the header names {len(header)}", cells)
    if not is_utf8("".join(cells)):
        return BadRow(number, "not UTF-8", cells)
    found = zip(header, (cell.strip() for cell in cells), strict=False)
    return Row(number, {name: cell for name, cell in found if cell})


def is_utf8(text: str) -> bool:
    """Whether it holds no surrogate, which stands for a byte that was not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def why(error: ValidationError) -> str:
    """A validation error in one line, as the worker would say it."""
    return str(invalid(error)["detail"])
