"""Rows on their way into a table: COPY in text format, the cheapest insert that Postgres has."""

from collections.abc import Iterable

from ledger.connection import Transaction


def escaped(text: str) -> str:
    """A value as COPY's text format writes it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def optional(text: str | None) -> str:
    """A value, or COPY's mark for null."""
    return "\\N" if text is None else escaped(text)


def copy_rows(tx: Transaction, statement: str, rows: Iterable[str]) -> None:
    """Insert rows, each its escaped values with tabs between them."""
    copy_text(tx, statement, "\n".join(rows).encode())


def copy_text(tx: Transaction, statement: str, text: bytes) -> None:
    """Insert rows that are already one text, with a line's end between them."""
    if text:
        with tx.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.write(text + b"\n")
