"""The proof that history was not altered and that every number kept beside it follows from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Final

from psycopg import IsolationLevel

from ledger.connection import Transaction, connect
from ledger.verify import catalogued, chain, identities, levels, moved, numbering, promises, told
from ledger.verify.report import Checked, Finding, Report

STATEMENT_MS: Final = 3_600_000
"""One check over a ledger of any size we know of ends within the hour."""
SESSION: Final = f"""
SET statement_timeout = {STATEMENT_MS};
SET work_mem = '64MB';
SET jit = off;
SET enable_nestloop = off;
"""
"""Whole tables are joined: no index helps, and a young table's statistics suggest that one does."""

__all__ = ["Checked", "Finding", "Report", "run"]

Check = Callable[[Transaction], tuple[int, Finding | None]]
"""Looks through one snapshot of the ledger: how many rows, and the first that is wrong."""


def run(url: str, retention: timedelta) -> Report:
    """Prove the ledger at a libpq URL, while others go on writing to it.

    Every check sees the same snapshot. The journal is streamed once and laid out in temporary
    tables, the rest is compared there, so memory does not grow with the ledger; its disk needs
    room for about the journal's size again. `retention` is how long a command must keep its
    idempotency row.

    Raises:
        psycopg.Error: the database does not answer, or lacks our tables.
    """
    checks: dict[str, Check] = {
        "hash chain": chain.check,
        "sequences": numbering.sequences,
        "offsets": numbering.offsets,
        "publication": numbering.published,
        "catalog": catalogued.check,
        "movements": moved.check,
        "on hand": levels.on_hand,
        "reserved": levels.reserved,
        "available": levels.available,
        "conservation": levels.conservation,
        "level records": levels.recorded,
        "reservations": promises.check,
        "promises": promises.left,
        "idempotency": partial(identities.check, retention=retention),
    }
    with _snapshot(url) as tx:
        return Report(tuple(_timed(name, check, tx) for name, check in checks.items()))


@contextmanager
def _snapshot(url: str) -> Iterator[Transaction]:
    """One unchanging view of the database, in which nothing but temporary tables is written."""
    with connect(url, "stockyard verify") as connection:
        connection.execute(SESSION.encode())
        told.create(connection)
        connection.commit()
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction(force_rollback=True):
            yield connection


def _timed(name: str, check: Check, tx: Transaction) -> Checked:
    began = monotonic()
    rows, wrong = check(tx)
    return Checked(name, rows, monotonic() - began, wrong)
