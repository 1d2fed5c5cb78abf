"""The proof that history was not altered and that every number kept beside it follows from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Final, NamedTuple

from psycopg import IsolationLevel

from ledger.connection import Transaction, allow, connect
from ledger.verify import (
    barcodes,
    bins,
    chain,
    counted,
    described,
    identities,
    letters,
    levels,
    making,
    moved,
    numbering,
    point,
    promises,
    recommended,
    serials,
    told,
    values,
)
from ledger.verify.progress import Progress, Tell
from ledger.verify.report import Checked, Finding, Report

STATEMENT_MS: Final = 3_600_000
"""One check over a ledger of any size we know of ends within the hour."""
SESSION: Final = """
SET work_mem = '64MB';
SET jit = off;
"""
WHOLE_TABLES: Final = "SET enable_nestloop = off"
"""Where they are joined no index helps, and a young table's statistics suggest that one does."""

__all__ = ["Checked", "Finding", "Report", "run"]

Look = Callable[[Transaction], tuple[int, Finding | None]]
"""Looks through one snapshot of the ledger: how many rows, and the first that is wrong."""


class Check(NamedTuple):
    """One check by its name; `behind` is how an incremental proof makes it, if it does."""

    name: str
    look: Look
    behind: Look | None


def _both(name: str, look: Look) -> Check:
    """A check that looks at what lies behind the point, wherever the point is."""
    return Check(name, look, look)


def _checks(retention: timedelta) -> tuple[Check, ...]:
    """All of them but the chain, which lays out what they compare."""
    return (
        _both("verified point", point.check),
        _both("sequences", numbering.sequences),
        _both("offsets", numbering.offsets),
        _both("publication", numbering.published),
        Check("described", described.check, None),
        Check("barcodes", barcodes.check, None),
        Check("dead letters", letters.check, letters.told),
        _both("movements", moved.check),
        _both("on hand", levels.on_hand),
        _both("reserved", partial(levels.committed, of="reserved")),
        _both("held", partial(levels.committed, of="held")),
        _both("incoming", partial(levels.committed, of="incoming")),
        _both("available", levels.available),
        _both("conservation", levels.conservation),
        _both("corrections", moved.corrected),
        _both("level records", levels.recorded),
        _both("reservations", promises.check),
        _both("ended", promises.ended),
        Check("promises", promises.left, None),
        Check("holds", levels.left, None),
        Check("transfers", levels.expected, None),
        Check("count lines", counted.lines, None),
        Check("variances", counted.variances, None),
        Check("counted as of", counted.expected, None),
        Check("production", making.moved, None),
        Check("returns", making.returned, None),
        Check("genealogy", making.linked, None),
        Check("costs", values.said, None),
        Check("value facts", values.taken_in, None),
        Check("values", values.follow, None),
        Check("values made", values.made, None),
        Check("recommendations", recommended.reckoned, None),
        Check("recommended stock", recommended.stocked, None),
        Check("serials", serials.check, None),
        Check("serials moved", serials.moved, None),
        Check("serials counted", serials.counted, None),
        Check("serials promised", serials.promised, None),
        Check("bins", bins.check, None),
        Check("bins moved", bins.moved, None),
        Check("binned", bins.binned, None),
        Check(
            "idempotency",
            partial(identities.check, retention=retention),
            partial(identities.told, retention=retention),
        ),
    )


def _unheard(_: str) -> None:
    """Nobody waits for the progress."""


def run(
    url: str, retention: timedelta, *, full: bool = True, keep: bool = False, tell: Tell = _unheard
) -> Report:
    """Prove the ledger at a libpq URL, while others go on writing to it.

    Every check sees the same snapshot. The journal is streamed once and laid out in temporary
    tables, the rest is compared there, so memory does not grow with the ledger; its disk needs
    room for about the size of what is looked at again. `retention` is how long a command must
    keep its idempotency row. Not `full`: only what lies behind the last point that was proved, if
    there is one. `keep`: note the point, if nothing is wrong. `tell` hears of the progress.

    Raises:
        psycopg.Error: the database does not answer, or lacks our tables.
    """
    progress = Progress(tell)
    with connect(url, "stockyard verify") as connection:
        whole = _prepare(connection, full=full, keep=keep)
        with _snapshot(connection, keep=keep) as tx:
            checked = tuple(_look(tx, _checks(retention), progress, full=whole))
            since, digest = point.began_at(tx), chain.digest(chain.segments(tx))
            report = Report(checked, whole, since, digest)
            if keep and report.passed:
                point.keep(tx)
    return report


def _prepare(connection: Transaction, *, full: bool, keep: bool) -> bool:
    """Set the session up. Whether the proof is a full one: it is where no point is known."""
    allow(connection, STATEMENT_MS)
    connection.execute(SESSION.encode())
    if keep:
        point.lock(connection)
    whole = full or not point.known(connection)
    if whole:
        connection.execute(WHOLE_TABLES.encode())
    told.create(connection)
    point.create(connection, full=whole)
    connection.commit()
    return whole


@contextmanager
def _snapshot(connection: Transaction, *, keep: bool) -> Iterator[Transaction]:
    """One unchanging view of the database; nothing is written but temporary tables and the point."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = not keep
    with connection.transaction(force_rollback=not keep):
        yield connection


def _look(
    tx: Transaction, checks: tuple[Check, ...], progress: Progress, *, full: bool
) -> Iterator[Checked]:
    yield _timed("hash chain", partial(_lay_out, progress=progress, full=full), tx)
    for check in checks:
        look = check.look if full else check.behind
        if look is not None:
            progress.begin(check.name)
            yield _timed(check.name, look, tx)


def _lay_out(tx: Transaction, *, progress: Progress, full: bool) -> tuple[int, Finding | None]:
    """Walk the chains; afterwards all that the other checks compare is there."""
    point.seed(tx)
    found = chain.check(tx, progress, full=full)
    told.finish(tx)
    if not full:
        point.gather(tx)
    return found


def _timed(name: str, look: Look, tx: Transaction) -> Checked:
    began = monotonic()
    rows, wrong = look(tx)
    return Checked(name, rows, monotonic() - began, wrong)
