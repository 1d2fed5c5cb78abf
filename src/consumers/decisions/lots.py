"""What lot commands mean: a lot is described, and may be used from then on or not."""

from datetime import date
from typing import Any

from consumers.decisions.known import lot_rule, unknown_item
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Applied, Book, Event, Outcome, Rejected
from ledger.documents import Lot
from schemas.commands.lots import SetLotStatus, UpsertLot
from schemas.problems import UNKNOWN_LOT, problem


def _lot(command: UpsertLot, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.lots.add((tenant_id, command.sku, command.lot))


def _everywhere(command: SetLotStatus, tenant_id: str, needs: Needs) -> None:
    """Its balances too: a promise that is being made waits for them, and then sees the status."""
    needs.items.add((tenant_id, command.sku))
    needs.lots.add((tenant_id, command.sku, command.lot))
    needs.wherever.add((tenant_id, command.sku))


@decides(UpsertLot, needs=_lot)
def upsert_lot(command: UpsertLot, ask: Ask, book: Book) -> Outcome:
    """Give a lot its dates, all of them anew."""
    refused = unknown_item(book, ask.tenant_id, command.sku, "") or lot_rule(
        book, ask.tenant_id, command.sku, command.lot
    )
    if refused:
        return refused
    old = book.lots.get((ask.tenant_id, command.sku, command.lot))
    lot = Lot(
        ask.tenant_id,
        command.sku,
        command.lot,
        old.status if old else "active",
        old.reason if old else None,
        command.expires_on,
        command.best_before_on,
        command.remove_on,
        command.alert_on,
        version=old.version + 1 if old else 1,
    )
    return _changed(200 if old else 201, "lot.described", lot)


@decides(SetLotStatus, needs=_everywhere)
def set_lot_status(command: SetLotStatus, ask: Ask, book: Book) -> Outcome:
    """Quarantine or recall a lot, or let it be used; one with stock need not be described before.

    Its stock stays where it is and is worth what it was; nobody is promised any of it.
    """
    refused = unknown_item(book, ask.tenant_id, command.sku, "") or lot_rule(
        book, ask.tenant_id, command.sku, command.lot
    )
    if refused:
        return refused
    lot = book.lots.get((ask.tenant_id, command.sku, command.lot))
    if lot is None:
        if not _stocked(book, ask.tenant_id, command.sku, command.lot):
            said = f"/lot: {command.sku} has no lot {command.lot}"
            return Rejected(404, problem(UNKNOWN_LOT, said, sku=command.sku, pointer="/lot"))
        lot = undescribed(ask.tenant_id, command.sku, command.lot)
    changed = lot._replace(status=command.status, reason=command.reason, version=lot.version + 1)
    return _changed(200, "lot.status.set", changed)


def undescribed(tenant_id: str, sku: str, lot: str) -> Lot:
    """A lot that has stock and that nobody has told anything of: usable, and without dates."""
    return Lot(tenant_id, sku, lot, "active", None, None, None, None, None, 0)


def _stocked(book: Book, tenant_id: str, sku: str, lot: str) -> bool:
    return any(
        lot in found for place, found in book.places.items() if place[:2] == (tenant_id, sku)
    )


def _changed(code: int, event: str, lot: Lot) -> Applied:
    subject = f"{lot.sku}/{lot.lot}"
    return Applied(
        code,
        ("lot", subject),
        lot_body(lot),
        (Event(event, f"lot/{subject}", lot.version),),
        (lot,),
    )


def lot_body(lot: Lot) -> dict[str, Any]:
    """A lot as results and events show it."""
    return {
        "sku": lot.sku,
        "lot": lot.lot,
        "status": lot.status,
        "reason": lot.reason,
        "expires_on": _day(lot.expires_on),
        "best_before_on": _day(lot.best_before_on),
        "remove_on": _day(lot.remove_on),
        "alert_on": _day(lot.alert_on),
        "version": lot.version,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
