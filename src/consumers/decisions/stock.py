"""What stock commands mean: a count sets what is on hand, an adjustment changes it."""

from decimal import Decimal
from typing import Any

from consumers.decisions.known import unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import (
    LOSS,
    NO_LOT,
    ZERO,
    Applied,
    Book,
    Event,
    Level,
    Movement,
    Outcome,
    Rejected,
)
from schemas.base import QUANTITY_BOUND, shown
from schemas.commands.stock import AdjustStock, RecordStock
from schemas.problems import INSUFFICIENT_STOCK, LOT_RULE, OUT_OF_BOUNDS, problem

OnOneLevel = RecordStock | AdjustStock


def _place(command: OnOneLevel, tenant_id: str, needs: Needs) -> None:
    needs.places.add((tenant_id, command.sku, command.location))
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))


@decides(RecordStock, needs=_place)
def record_stock(command: RecordStock, ask: Ask, book: Book) -> Outcome:
    """Move the difference between the count and the books; a count that agrees is kept too."""
    refused = _refused(command, ask, book)
    if refused:
        return refused
    level = book.level(ask.tenant_id, command.sku, command.location, command.lot or NO_LOT)
    difference = command.quantity - level.on_hand
    if difference < -level.available:
        return _short(command, level, -difference)
    body = {"counted": shown(command.quantity), "reason": command.reason}
    return _moved(command, ask, level, difference, ("stock.recorded", command.reason, None), body)


@decides(AdjustStock, needs=_place)
def adjust_stock(command: AdjustStock, ask: Ask, book: Book) -> Outcome:
    """Move a difference, unless that would take stock that is promised or held."""
    refused = _refused(command, ask, book)
    if refused:
        return refused
    level = book.level(ask.tenant_id, command.sku, command.location, command.lot or NO_LOT)
    if command.delta < -level.available:
        return _short(command, level, -command.delta)
    if level.on_hand + command.delta >= QUANTITY_BOUND:
        said = "/delta: the stock on hand must stay below one trillion"
        return Rejected(422, problem(OUT_OF_BOUNDS, said, pointer="/delta"))
    body = {
        "reason_code": command.reason_code,
        "unit_cost": None if command.unit_cost is None else shown(command.unit_cost),
    }
    why = ("stock.adjusted", command.reason_code, command.unit_cost)
    return _moved(command, ask, level, command.delta, why, body)


def _refused(command: OnOneLevel, ask: Ask, book: Book) -> Rejected | None:
    """Refuse what names nothing, or a lot where the item has none, or none where it has."""
    unknown = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    if unknown:
        return unknown
    by_lot = book.items[ask.tenant_id, command.sku].track_by == "batch"
    if by_lot == (command.lot is not None):
        return None
    said = f"/lot: {command.sku} is " + ("stocked by lot" if by_lot else "not stocked by lot")
    return Rejected(422, problem(LOT_RULE, said, sku=command.sku, pointer="/lot"))


def _short(command: OnOneLevel, level: Level, wanted: Decimal) -> Rejected:
    """Refuse to take away what is promised or held."""
    free = shown(level.available)
    said = f"{command.sku} at {command.location}: {shown(wanted)} to take away, {free} available"
    short = {
        "sku": command.sku,
        "location": command.location,
        "lot": command.lot,
        "requested": shown(wanted),
        "available": free,
    }
    return Rejected(409, problem(INSUFFICIENT_STOCK, said, lines=[short]))


def _moved(
    command: OnOneLevel,
    ask: Ask,
    level: Level,
    difference: Decimal,
    why: tuple[str, str, Decimal | None],
    body: dict[str, Any],
) -> Applied:
    """The outcome of a difference between the location and the account of loss and gain."""
    event, reason, unit_cost = why
    document = f"stock-{ask.new_id}"
    ends = (LOSS, command.location) if difference > ZERO else (command.location, LOSS)
    movement = Movement(
        command.sku, level.key.lot, "", *ends, abs(difference), unit_cost, reason, document
    )
    body = {
        "id": document,
        "sku": command.sku,
        "location": command.location,
        "lot": command.lot,
        "difference": shown(difference),
        "on_hand": shown(level.on_hand + difference),
        **body,
    }
    return Applied(
        code=201,
        resource=("stock-movement", document),
        body=body,
        events=(Event(event, f"stock-movement/{document}", 1),),
        movements=(movement,) if difference else (),
    )
