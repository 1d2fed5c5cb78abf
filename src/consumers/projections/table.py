"""How a read table is kept: rows are folded in memory, staged by COPY, and merged by version."""

from collections.abc import Callable, Iterable
from typing import LiteralString, NamedTuple

from consumers.projections.event import Event
from ledger.connection import Transaction
from ledger.copy import copy_rows

Key = tuple[str | int | bytes, ...]


class Row(NamedTuple):
    """One row that an event states."""

    key: Key
    version: int
    line: str  # as COPY takes it


class Table(NamedTuple):
    """A read table: what it is made of, and how a batch of its rows is written.

    Every statement names the table without a schema: a rebuild fills the same tables elsewhere.
    """

    name: str
    types: frozenset[str]
    rows: Callable[[Event], Iterable[Row]]
    stage: LiteralString
    """Makes the session's temporary table, empty again after each transaction."""
    copy: LiteralString
    merge: LiteralString
    """Takes from it what is newer than what stands, in the order of its key: two projectors that
    meet in one table then wait for each other and do not lock each other out."""


Rows = dict[Key, tuple[int, str]]
"""The newest version of each row, by its key."""


def fold(rows: Rows, table: Table, event: Event) -> int:
    """Take an event in; how many of its rows were no news. Pure."""
    old_news = 0
    for key, version, line in table.rows(event):
        known = rows.get(key)
        if known is None or known[0] < version:
            rows[key] = (version, line)
        else:
            old_news += 1
    return old_news


def stage(tx: Transaction, tables: Iterable[Table]) -> None:
    """Make a session ready to write the tables."""
    for table in tables:
        tx.execute(table.stage)


def save(tx: Transaction, table: Table, rows: Rows) -> int:
    """Write the rows; how many of them were no news to the table."""
    if not rows:
        return 0
    copy_rows(tx, table.copy, (line for _, line in rows.values()))
    return len(rows) - tx.execute(table.merge).rowcount
