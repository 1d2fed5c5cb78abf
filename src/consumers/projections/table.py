"""How a read table is kept: rows are folded in memory, and merged into it by version."""

from collections.abc import Callable, Iterable
from typing import LiteralString, NamedTuple

from consumers.projections.event import Event
from ledger.arrays import texts
from ledger.connection import Transaction

Key = tuple[str | int | bytes, ...]


class Row(NamedTuple):
    """One row that an event states."""

    key: Key
    version: int
    columns: tuple[str, ...]  # as text, in the order in which `merge` takes them


class Table(NamedTuple):
    """A read table: what it is made of, and how a batch of its rows is written.

    Every statement names the table without a schema: a rebuild fills the same tables elsewhere.
    """

    name: str
    types: frozenset[str]
    rows: Callable[[Event], Iterable[Row]]
    merge: LiteralString
    """Takes what is newer than what stands, in the order of its key: two projectors that meet in
    one table then wait for each other and do not lock each other out. It gets the columns as
    arrays; a temporary table filled by COPY cost a small batch five times as much."""


Rows = dict[Key, tuple[int, tuple[str, ...]]]
"""The newest version of each row, by its key."""


def fold(rows: Rows, table: Table, event: Event) -> int:
    """Take an event in; how many of its rows were no news. Pure."""
    old_news = 0
    for key, version, columns in table.rows(event):
        known = rows.get(key)
        if known is None or known[0] < version:
            rows[key] = (version, columns)
        else:
            old_news += 1
    return old_news


def save(tx: Transaction, table: Table, rows: Rows) -> int:
    """Write the rows; how many of them were no news to the table."""
    if not rows:
        return 0
    columns = zip(*(columns for _, columns in rows.values()), strict=True)
    return len(rows) - tx.execute(table.merge, [texts(column) for column in columns]).rowcount
