"""Rows asked for and stored by their key: what the tables of documents do alike."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ledger.arrays import texts
from ledger.connection import Transaction


class RacedError(RuntimeError):
    """Another batch made the same new row first. Roll back and decide again."""


def rows(
    tx: Transaction, statement: str, keys: Collection[tuple[str, ...]]
) -> Iterable[tuple[Any, ...]]:
    """What a statement finds for keys, which it takes as one array a column; nothing for none."""
    if not keys:
        return ()
    return tx.execute(statement, [texts(column) for column in zip(*keys, strict=True)])


def save(tx: Transaction, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Store rows, each newer than what stands, by a statement that passes over those that are not.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    if not rows:
        return
    done = tx.execute(statement, [list(column) for column in zip(*rows, strict=True)])
    if done.rowcount != len(rows):
        raise RacedError("a row changed under its lock, or was new to two batches")
