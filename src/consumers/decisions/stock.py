"""What stock commands mean: a count sets what is on hand, and an adjustment changes it."""

from decimal import Decimal
from typing import Any

from consumers.decisions.backdating import effective, needs_period
from consumers.decisions.bodies import serials_body
from consumers.decisions.differences import Why, moved
from consumers.decisions.filling import puts
from consumers.decisions.found_units import adjusted, counted
from consumers.decisions.known import lot_rule, out_of_bounds, unknown_place
from consumers.decisions.picking import Named, picks
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.serials import Naming, serial_rule
from consumers.decisions.units import conversion, in_base
from ledger.book import Book
from ledger.level import NO_LOT, Level, LevelKey
from ledger.outcome import Applied, Outcome, Rejected
from schemas.base import ZERO, shown
from schemas.commands.stock import AdjustStock, RecordStock
from schemas.problems import INSUFFICIENT_STOCK, problem

OnOneLevel = RecordStock | AdjustStock


def _place(command: OnOneLevel, tenant_id: str, needs: Needs) -> None:
    needs.level(tenant_id, command.sku, command.location, command.lot)
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))
    if isinstance(command, AdjustStock):
        needs_period(command.effective_at, tenant_id, needs)
    needs.name(tenant_id, command.sku, command.serials)
    if isinstance(command, AdjustStock) and command.bin is not None:
        needs.shelve((tenant_id, command.sku, command.location), command.bin)
    if command.serials is not None and isinstance(command, RecordStock):
        needs.serials_at.add((tenant_id, command.sku, command.location))


@decides(RecordStock, needs=_place)
def record_stock(command: RecordStock, ask: Ask, book: Book) -> Outcome:
    """Move the difference between the count and the books; a count that agrees is kept too.

    Where each unit is a serial, those that the books lacked come in, and those not found go.
    """
    refused = _refused(command, ask, book)
    if refused:
        return refused
    level = book.level(ask.tenant_id, command.sku, command.location, command.lot or NO_LOT)
    quantity = _in_base(command, command.quantity, "quantity", ask, book)
    if isinstance(quantity, Rejected):
        return quantity
    difference = quantity - level.on_hand
    if difference < ZERO and difference < -level.free:
        return _short(command, level, -difference)
    units = counted(command, Naming(ask, book, f"stock-{ask.new_id}"))
    if isinstance(units, Rejected):
        return units
    body = {"counted": shown(quantity), "reason": command.reason, **units.found_body()}
    body |= _converted(command, command.quantity, quantity, ask, book)
    why = Why("stock.recorded", command.reason)
    return moved(command, ask, level, difference, why, body, units)


@decides(AdjustStock, needs=_place)
def adjust_stock(command: AdjustStock, ask: Ask, book: Book) -> Outcome:
    """Move a difference, unless that would take stock that is promised or held."""
    refused = _refused(command, ask, book)
    if refused:
        return refused
    moment = effective(command.effective_at, ask, book)
    if isinstance(moment, Rejected):
        return moment
    level = book.level(ask.tenant_id, command.sku, command.location, command.lot or NO_LOT)
    delta = _in_base(command, command.delta, "delta", ask, book)
    if isinstance(delta, Rejected):
        return delta
    short = delta < ZERO and delta < -level.free
    refused = (
        _short(command, level, -delta) if short else out_of_bounds(level.on_hand + delta, "/delta")
    )
    if refused:
        return refused
    units = adjusted(command, Naming(ask, book, f"stock-{ask.new_id}"))
    if isinstance(units, Rejected):
        return units
    body = {
        "reason_code": command.reason_code,
        "unit_cost": None if command.unit_cost is None else shown(command.unit_cost),
        **serials_body(command.serials),
        **_converted(command, command.delta, delta, ask, book),
    }
    why = Why("stock.adjusted", command.reason_code, command.unit_cost, moment)
    return _in_bin(command, moved(command, ask, level, delta, why, body, units), delta, ask, book)


def _in_bin(command: AdjustStock, done: Applied, delta: Decimal, ask: Ask, book: Book) -> Outcome:
    """The correction in the bin that it names: there it lies more, or less."""
    if command.bin is not None:
        key = LevelKey(ask.tenant_id, command.sku, command.location, command.lot or NO_LOT)
        carry = puts if delta > ZERO else picks
        named = (Named(command.bin, key, abs(delta), "/bin"),)
        moves = carry(named, done.resource[1], ask, book)
        if isinstance(moves, Rejected):
            return moves
        done.bin_moves = moves
    return done


def _in_base(
    command: OnOneLevel, quantity: Decimal, field: str, ask: Ask, book: Book
) -> Decimal | Rejected:
    """A quantity in base units; where each of these is a serial, as many as are named."""
    item = book.items[ask.tenant_id, command.sku]
    based = in_base(item, quantity, command.unit, "", field)
    if isinstance(based, Rejected):
        return based
    by_serial = item.track_by == "serial"
    wrong = serial_rule(command.sku, abs(based), command.serials, "", by_serial=by_serial)
    return wrong or based


def _converted(
    command: OnOneLevel, said: Decimal, base: Decimal, ask: Ask, book: Book
) -> dict[str, Any]:
    """What a body says beside, if the quantity was said in another unit."""
    item = book.items[ask.tenant_id, command.sku]
    if command.unit in (None, item.uom):
        return {}
    return {"conversions": [{"line": 1, **conversion(item, said, command.unit, base)}]}


def _refused(command: OnOneLevel, ask: Ask, book: Book) -> Rejected | None:
    """Refuse what names nothing, or a lot where the item has none, or none where it has."""
    unknown = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    return unknown or lot_rule(book, ask.tenant_id, command.sku, command.lot)


def _short(command: OnOneLevel, level: Level, wanted: Decimal) -> Rejected:
    """Refuse to take away what is promised or held."""
    free = shown(max(level.free, ZERO))
    said = f"{command.sku} at {command.location}: {shown(wanted)} to take away, {free} available"
    short = {
        "sku": command.sku,
        "location": command.location,
        "lot": command.lot,
        "requested": shown(wanted),
        "available": free,
    }
    return Rejected(409, problem(INSUFFICIENT_STOCK, said, lines=[short]))
