"""What stock commands mean: a count sets what is on hand, an adjustment changes it, issues take."""

from decimal import Decimal
from typing import Any, Final, NamedTuple

from consumers.decisions.backdating import effective, needs_period
from consumers.decisions.granting import Taken, Wanted, grant, insufficient, overdrawn, short_line
from consumers.decisions.known import lot_rule, out_of_bounds, unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.units import Conversions, conversion, in_base, in_base_units
from ledger.book import (
    CUSTOMER,
    LOSS,
    NO_LOT,
    PRODUCTION,
    SCRAP,
    Applied,
    Book,
    Event,
    Level,
    Movement,
    Outcome,
    Rejected,
)
from schemas.base import ZERO, shown
from schemas.commands.stock import AdjustStock, IssuedLine, IssueStock, RecordStock
from schemas.problems import INSUFFICIENT_STOCK, problem

GOES_TO: Final = {"customer": CUSTOMER, "production": PRODUCTION, "scrap": SCRAP, "loss": LOSS}
WRITTEN_OFF: Final = frozenset({"scrap", "loss"})
"""Where stock goes that nobody will use: of a lot that may not be used, only there."""


OnOneLevel = RecordStock | AdjustStock


class Why(NamedTuple):
    """What is told of a difference: as which event, for what reason, at what cost, since when."""

    event: str
    reason: str
    unit_cost: Decimal | None = None
    effective_at: str | None = None


def _place(command: OnOneLevel, tenant_id: str, needs: Needs) -> None:
    needs.places.add((tenant_id, command.sku, command.location))
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))
    if isinstance(command, AdjustStock):
        needs_period(command.effective_at, tenant_id, needs)


@decides(RecordStock, needs=_place)
def record_stock(command: RecordStock, ask: Ask, book: Book) -> Outcome:
    """Move the difference between the count and the books; a count that agrees is kept too."""
    refused = _refused(command, ask, book)
    if refused:
        return refused
    level = book.level(ask.tenant_id, command.sku, command.location, command.lot or NO_LOT)
    counted = _in_base(command, command.quantity, "quantity", ask, book)
    if isinstance(counted, Rejected):
        return counted
    difference = counted - level.on_hand
    if difference < ZERO and difference < -level.free:
        return _short(command, level, -difference)
    body = {"counted": shown(counted), "reason": command.reason}
    body |= _converted(command, command.quantity, counted, ask, book)
    return _moved(command, ask, level, difference, Why("stock.recorded", command.reason), body)


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
    if delta < ZERO and delta < -level.free:
        return _short(command, level, -delta)
    refused = out_of_bounds(level.on_hand + delta, "/delta")
    if refused:
        return refused
    body = {
        "reason_code": command.reason_code,
        "unit_cost": None if command.unit_cost is None else shown(command.unit_cost),
        **_converted(command, command.delta, delta, ask, book),
    }
    why = Why("stock.adjusted", command.reason_code, command.unit_cost, moment)
    return _moved(command, ask, level, delta, why, body)


def _in_base(
    command: OnOneLevel, quantity: Decimal, field: str, ask: Ask, book: Book
) -> Decimal | Rejected:
    item = book.items[ask.tenant_id, command.sku]
    return in_base(item, quantity, command.unit, "", field)


def _converted(
    command: OnOneLevel, said: Decimal, base: Decimal, ask: Ask, book: Book
) -> dict[str, Any]:
    """What a body says beside, if the quantity was said in another unit."""
    item = book.items[ask.tenant_id, command.sku]
    if command.unit in (None, item.uom):
        return {}
    return {"conversions": [{"line": 1, **conversion(item, said, command.unit, base)}]}


def _from(command: IssueStock, tenant_id: str, needs: Needs) -> None:
    needs_period(command.effective_at, tenant_id, needs)
    for line in command.lines:
        needs.places.add((tenant_id, line.sku, line.location))
        needs.items.add((tenant_id, line.sku))
        needs.locations.add((tenant_id, line.location))


@decides(IssueStock, needs=_from)
def issue_stock(command: IssueStock, ask: Ask, book: Book) -> Outcome:
    """Take what is available out of stock; without a lot those go that would be promised first."""
    said = in_base_units(command.lines, ask.tenant_id, book)
    if isinstance(said, Rejected):
        return said
    lines, conversions = said
    taken: Taken = {}
    short: list[dict[str, Any]] = []
    parts: list[tuple[int, IssuedLine, str, Decimal]] = []
    for number, line in enumerate(lines, 1):
        at = f"/lines/{number - 1}"
        refused = unknown_place(book, ask.tenant_id, line.sku, line.location, at)
        if not refused and line.lot is not None:
            refused = lot_rule(book, ask.tenant_id, line.sku, line.lot, at)
        if refused:
            return refused
        levels = book.levels(ask.tenant_id, line.sku, line.location)
        wish = Wanted(line.sku, line.location, line.quantity, line.lot)
        written_off = command.to in WRITTEN_OFF
        granted = grant(wish, ask.tenant_id, levels, taken, book, unusable_too=written_off)
        if granted.missing and command.allow_negative:
            granted = overdrawn(wish, granted, ask.tenant_id, taken, book)
        parts += [(number, line, lot, quantity) for lot, quantity in granted.parts]
        if granted.missing:
            short.append(short_line(number, wish, granted))
    if short:
        return insufficient(short)
    moment = effective(command.effective_at, ask, book)
    if isinstance(moment, Rejected):
        return moment
    return _issued(command, ask, parts, conversions, moment)


def _issued(
    command: IssueStock,
    ask: Ask,
    parts: list[tuple[int, IssuedLine, str, Decimal]],
    conversions: Conversions,
    moment: str | None,
) -> Applied:
    document = f"stock-{ask.new_id}"
    return Applied(
        201,
        ("stock-movement", document),
        {
            "id": document,
            "to": command.to,
            "reason_code": command.reason_code,
            "reference": command.reference,
            "lines": [
                {
                    "line": number,
                    "sku": line.sku,
                    "location": line.location,
                    "lot": lot or None,
                    "quantity": shown(quantity),
                }
                for number, line, lot, quantity in parts
            ],
            **({"conversions": list(conversions)} if conversions else {}),
        },
        (Event("stock.issued", f"stock-movement/{document}", 1),),
        movements=tuple(
            Movement(
                line.sku,
                lot,
                "",
                line.location,
                GOES_TO[command.to],
                quantity,
                None,
                command.reason_code,
                document,
                moment,
            )
            for _, line, lot, quantity in parts
        ),
    )


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


def _moved(
    command: OnOneLevel,
    ask: Ask,
    level: Level,
    difference: Decimal,
    why: Why,
    body: dict[str, Any],
) -> Applied:
    """The outcome of a difference between the location and the account of loss and gain."""
    document = f"stock-{ask.new_id}"
    ends = (LOSS, command.location) if difference > ZERO else (command.location, LOSS)
    movement = Movement(
        command.sku,
        level.key.lot,
        "",
        *ends,
        abs(difference),
        why.unit_cost,
        why.reason,
        document,
        why.effective_at,
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
        events=(Event(why.event, f"stock-movement/{document}", 1),),
        movements=(movement,) if difference else (),
    )
