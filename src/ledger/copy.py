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
    data = "\n".join(rows)
    if not data:
        return
    with tx.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(data + "\n")
