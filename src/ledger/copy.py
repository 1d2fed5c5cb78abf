"""Rows on their way into a table: COPY in text format, the cheapest insert that Postgres has."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from ledger.connection import Transaction

ROWS_PER_CHUNK: Final = 128


def escaped(text: str) -> str:
    """A value as COPY's text format writes it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def optional(text: str | None) -> str:
    """A value, or COPY's mark for null."""
    return "\\N" if text is None else escaped(text)


def copy_rows(tx: Transaction, statement: str, rows: Iterable[str]) -> None:
    """Insert rows, each its escaped values with tabs between them."""
    text = "\n".join(rows)
    if text:
        copy_chunks(tx, statement, [text.encode()])


def copy_chunks(tx: Transaction, statement: str, rows: Iterable[bytes]) -> None:
    """Insert rows as they come; the server works on the first while the last are being made."""
    with tx.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        each = iter(rows)
        while chunk := list(islice(each, ROWS_PER_CHUNK)):
            chunk.append(b"")
            copy.write(b"\n".join(chunk))
