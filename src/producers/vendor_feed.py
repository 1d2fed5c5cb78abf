"""A vendor's feed: a file of items and their stock becomes commands, each applied once.

A file is sent again safely after any interruption. Its commands are named by the file's content
and the line they come from, so what had arrived is answered again and changes nothing.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TextIO

import orjson
from pydantic import ValidationError

from producers.commands import Sender
from producers.rows import BadRow, LineCommand, Row, csv_rows, ndjson_rows, why
from schemas.commands.catalog import UpsertItem, UpsertLocation
from schemas.commands.stock import RecordStock

COLUMNS: Final = (
    "sku",
    "name",
    "uom",
    "track_by",
    "barcode",
    "location",
    "location_name",
    "quantity",
    "lot",
)
REMEMBERED_MAX: Final = 200_000
"""Descriptions remembered, so that a location named on every line is sent once."""


class RowCommands(NamedTuple):
    """What one row asks for. Stock waits until the catalog's answers are in: it names them."""

    line: int
    catalog: tuple[LineCommand, ...]
    stock: tuple[LineCommand, ...]


class Feed:
    """The rows of one file as commands of one vendor."""

    def __init__(self, file: Path, vendor: str, columns: Mapping[str, str]) -> None:
        """`columns` maps our names (`COLUMNS`) to the file's, where they differ.

        Raises:
            ValueError: a column that we do not know.
        """
        if unknown := sorted(set(columns) - set(COLUMNS)):
            raise ValueError(f"no column {', '.join(unknown)}: ours are {', '.join(COLUMNS)}")
        self.file = file
        self.digest = digest(file)
        self._vendor = vendor
        self._theirs = {ours: columns.get(ours, ours) for ours in COLUMNS}
        self._described: dict[tuple[str, str], bytes] = {}

    def rows(self) -> Iterator[RowCommands | BadRow]:
        """Every row, in the file's order; the same whenever the same file is read.

        Raises:
            ValueError: the file has no usable header.
        """
        # What is not UTF-8 must spoil its own row, not the file.
        with self.file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            for row in self._read(stream):
                yield row if isinstance(row, BadRow) else self._commands(row)

    def _read(self, stream: TextIO) -> Iterator[Row | BadRow]:
        by_json = self.file.suffix.lower() in (".ndjson", ".jsonl", ".json")
        return ndjson_rows(stream) if by_json else csv_rows(stream)

    def _commands(self, row: Row) -> RowCommands | BadRow:
        fields = {
            ours: row.fields[theirs]
            for ours, theirs in self._theirs.items()
            if row.fields.get(theirs) is not None
        }
        try:
            catalog, stock = _asked(fields, self._vendor)
        except ValidationError as error:
            return BadRow(row.line, why(error), row.fields)
        if not catalog and not stock:
            said = "asks for nothing: name an item (sku, name), a location or a quantity"
            return BadRow(row.line, said, row.fields)
        new = [command for command in catalog if self._is_news(command)]
        return RowCommands(
            row.line,
            tuple(self._fed(row.line, command) for command in new),
            tuple(self._fed(row.line, command) for command in stock),
        )

    def _is_news(self, command: UpsertItem | UpsertLocation) -> bool:
        """Whether the file has not just described the same in the same words."""
        named = (command.TYPE, _code(command))
        fingerprint = command.fingerprint()
        if self._described.get(named) == fingerprint:
            return False
        if len(self._described) >= REMEMBERED_MAX:
            self._described.clear()
        self._described[named] = fingerprint
        return True

    def _fed(self, line: int, command: UpsertItem | UpsertLocation | RecordStock) -> LineCommand:
        name = f"{self._vendor}/{self.digest}/{line}/{command.TYPE}"
        return LineCommand(line, command, _code(command), name)


def sender(vendor: str) -> Sender:
    """In whose name a vendor's feed speaks."""
    return Sender(vendor, "service", "vendor-feed")


def digest(file: Path) -> str:
    """32 hexadecimal digits that name the file's content."""
    found = blake2b(digest_size=16)
    with file.open("rb") as stream:
        while part := stream.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def chunks(rows: Iterator[RowCommands | BadRow], size: int) -> Iterator[list[RowCommands | BadRow]]:
    """Rows by the `size`: so many are sent, answered and noted together."""
    while chunk := list(islice(rows, size)):
        yield chunk


def _asked(
    fields: Mapping[str, object], vendor: str
) -> tuple[list[UpsertItem | UpsertLocation], list[RecordStock]]:
    """The commands in a row: which depends on the columns that are filled."""
    catalog: list[UpsertItem | UpsertLocation] = []
    if "name" in fields:
        described = _only(fields, "sku", "name", "uom", "track_by", "barcode")
        catalog.append(UpsertItem.model_validate_json(described))
    if "location_name" in fields:
        described = orjson.dumps(
            {"code": fields.get("location"), "name": fields.get("location_name")}
        )
        catalog.append(UpsertLocation.model_validate_json(described))
    stock = []
    if "quantity" in fields:
        counted = _only(fields, "sku", "location", "quantity", "lot", reason=f"feed of {vendor}")
        stock.append(RecordStock.model_validate_json(counted))
    return catalog, stock


def _only(fields: Mapping[str, object], *names: str, **more: str) -> bytes:
    return orjson.dumps({name: fields[name] for name in names if name in fields} | more)


def _code(command: UpsertItem | UpsertLocation | RecordStock) -> str:
    return command.code if isinstance(command, UpsertLocation) else command.sku
