"""What labels say of lots: noted where nothing was known, refused where something else was."""

from collections.abc import Mapping
from typing import Any, Final

from consumers.decisions.lots import lot_body, undescribed
from consumers.decisions.registry import Ask
from ledger.book import Book
from ledger.documents import Lot
from ledger.outcome import Event, Rejected
from schemas.commands.lots import Labelled, LotDates
from schemas.problems import LOT_DATES, problem

DATES: Final = tuple(LotDates.model_fields)
Lots = dict[tuple[str, str, str], Lot]
"""Lots as a command's labels leave them, by tenant, item and code."""


def describe(
    label: Labelled, named: tuple[str, str | None], at: str, ask: Ask, book: Book, lots: Lots
) -> Rejected | None:
    """Note in `lots` what a label says of the (item, lot), or refuse what contradicts what is known.

    `at` leads to the label in the command.
    """
    sku, lot = named
    if lot is None:
        return None
    key = (ask.tenant_id, sku, lot)
    known = lots.get(key) or book.lots.get(key) or undescribed(*key)
    said: dict[str, Any] = {name: day for name in DATES if (day := getattr(label, name))}
    for name, day in said.items():
        before = getattr(known, name)
        if before and before != day:
            pointer = f"{at}/{name}"
            detail = f"{pointer}: lot {lot} of {sku} has {before.isoformat()}"
            members = {"sku": sku, "lot": lot, "pointer": pointer, "known": before.isoformat()}
            return Rejected(409, problem(LOT_DATES, detail, **members))
    if any(getattr(known, name) is None for name in said):
        stands = book.lots.get(key)
        lots[key] = known._replace(**said, version=stands.version + 1 if stands else 1)
    return None


def described(lots: Mapping[tuple[str, str, str], Lot], book: Book) -> tuple[Lot, ...]:
    """Those that are not as they stood."""
    return tuple(lot for key, lot in lots.items() if lot is not book.lots.get(key))


def lot_events(lots: tuple[Lot, ...], book: Book) -> tuple[Event, ...]:
    """What is told of changed lots: that their status was set, or that they were described."""
    return tuple(
        Event(
            "lot.status.set" if lot.status != _status(lot, book) else "lot.described",
            f"lot/{lot.sku}/{lot.lot}",
            lot.version,
            lot_body(lot),
        )
        for lot in lots
    )


def _status(lot: Lot, book: Book) -> str:
    known = book.lots.get(lot.key)
    return known.status if known else "active"
