"""What lot commands mean: a lot is described, may be used or not, or was another all the time."""

from datetime import date
from decimal import Decimal
from typing import Any

from consumers.decisions.granting import insufficient
from consumers.decisions.known import lot_rule, out_of_bounds, unknown_item, unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.documents import Lot
from ledger.outcome import CORRECTION, Applied, Event, Movement, Outcome, Rejected
from schemas.base import ZERO, shown
from schemas.commands.lots import CorrectLot, LotDates, SetLotStatus, UpsertLot
from schemas.problems import LOT_UNUSABLE, UNKNOWN_LOT, problem


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


def _both(command: CorrectLot, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))
    needs.shelve((tenant_id, command.sku, command.location), None)
    needs.lots.add((tenant_id, command.sku, command.from_lot))
    needs.lots.add((tenant_id, command.sku, command.to_lot))


@decides(CorrectLot, needs=_both)
def correct_lot(command: CorrectLot, ask: Ask, book: Book) -> Outcome:
    """Move stock from one lot to another where it lies, unless it is promised or held.

    Nobody gets around a recall that way: what may not be used stays in its lot.
    """
    refused = _uncorrectable(command, ask, book)
    if refused:
        return refused
    here = book.levels(ask.tenant_id, command.sku, command.location)
    source = book.level(ask.tenant_id, command.sku, command.location, command.from_lot)
    quantity = source.on_hand if command.quantity is None else command.quantity
    if not quantity or quantity > source.available:
        return _committed(command, quantity, source.available)
    stands = here[command.to_lot].on_hand if command.to_lot in here else ZERO
    refused = out_of_bounds(stands + quantity, "/quantity")
    if refused:
        return refused
    return _corrected(command, ask, quantity, _taken_over(command, ask, book))


def _uncorrectable(command: CorrectLot, ask: Ask, book: Book) -> Rejected | None:
    refused = unknown_place(book, ask.tenant_id, command.sku, command.location, "") or lot_rule(
        book, ask.tenant_id, command.sku, command.from_lot
    )
    known = book.lots.get((ask.tenant_id, command.sku, command.from_lot))
    if refused or known is None or known.status == "active":
        return refused
    said = f"/from_lot: lot {known.lot} of {known.sku} is in {known.status}: it stays as it is"
    members = {"sku": known.sku, "lot": known.lot, "because": known.status}
    return Rejected(409, problem(LOT_UNUSABLE, said, pointer="/from_lot", **members))


def _committed(command: CorrectLot, wanted: Decimal, available: Decimal) -> Rejected:
    line = {
        "sku": command.sku,
        "location": command.location,
        "lot": command.from_lot,
        "requested": shown(wanted),
        "available": shown(available),
    }
    return insufficient([line])


def _taken_over(command: CorrectLot, ask: Ask, book: Book) -> tuple[Lot, ...]:
    """The right lot with the dates of the other one, if nobody has described it yet."""
    key = (ask.tenant_id, command.sku, command.to_lot)
    mistyped = book.lots.get((ask.tenant_id, command.sku, command.from_lot))
    dates: dict[str, Any] = {name: getattr(mistyped, name, None) for name in LotDates.model_fields}
    if key in book.lots or not any(dates.values()):
        return ()
    return (undescribed(*key)._replace(**dates, version=1),)


def _corrected(
    command: CorrectLot, ask: Ask, quantity: Decimal, described: tuple[Lot, ...]
) -> Applied:
    document, sku, place = f"lcr-{ask.new_id}", command.sku, command.location
    legs = (command.from_lot, place, CORRECTION), (command.to_lot, CORRECTION, place)
    body = {
        "id": document,
        "sku": sku,
        "location": place,
        "from_lot": command.from_lot,
        "to_lot": command.to_lot,
        "quantity": shown(quantity),
        "reason": command.reason,
    }
    return Applied(
        201,
        ("lot-correction", document),
        body,
        (
            Event("lot.corrected", f"lot-correction/{document}", 1),
            *(
                Event("lot.described", f"lot/{sku}/{lot.lot}", lot.version, lot_body(lot))
                for lot in described
            ),
        ),
        described,
        tuple(
            Movement(sku, lot, (), start, end, quantity, None, command.reason, document)
            for lot, start, end in legs
        ),
    )


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
