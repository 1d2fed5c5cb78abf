"""What receipt commands mean: goods come in from outside, and their lots become known."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from consumers.decisions.backdating import effective, needs_period
from consumers.decisions.bodies import serials_body
from consumers.decisions.filling import puts
from consumers.decisions.known import inactive, lot_rule, out_of_bounds, unknown_place
from consumers.decisions.labels import Lots, describe, described, lot_events
from consumers.decisions.lots import lot_body
from consumers.decisions.picking import Named
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.serials import Naming, serial_rule
from consumers.decisions.units import in_base_units
from ledger.book import Book
from ledger.costing import Receipt, ReceiptLine
from ledger.level import NO_LOT, LevelKey
from ledger.outcome import CUSTOMER, PRODUCTION, VENDOR, Applied, Event, Movement, Outcome, Rejected
from schemas.base import ZERO, shown
from schemas.commands.receipts import PostReceipt, ReceivedLine
from schemas.problems import RECEIPT_RULE, problem
from schemas.times import stamp

SOURCES: Final = {"vendor": VENDOR, "customer": CUSTOMER, "production": PRODUCTION}


def _lines(command: PostReceipt, tenant_id: str, needs: Needs) -> None:
    needs_period(command.effective_at, tenant_id, needs)
    for line in command.lines:
        needs.level(tenant_id, line.sku, line.location, line.lot)
        needs.items.add((tenant_id, line.sku))
        needs.locations.add((tenant_id, line.location))
        needs.name(tenant_id, line.sku, line.serials)
        if line.bin is not None:
            needs.shelve((tenant_id, line.sku, line.location), line.bin)
        if line.lot is not None:
            needs.lots.add((tenant_id, line.sku, line.lot))


@decides(PostReceipt, needs=_lines)
def post_receipt(command: PostReceipt, ask: Ask, book: Book) -> Outcome:
    """Move the goods in. Dates that a line states are noted with its lot, if it had none.

    Two statements of one date that differ are a mistake of somebody's: refused, with both.
    """
    said = in_base_units(command.lines, ask.tenant_id, book)
    if isinstance(said, Rejected):
        return said
    lines, conversions = said
    receipt = f"rcp-{ask.new_id}"
    naming = Naming(ask, book, receipt)
    lots: Lots = {}
    received: dict[LevelKey, Decimal] = {}
    returned = command.source == "customer"
    for index, line in enumerate(lines):
        refused = (
            unknown_place(book, ask.tenant_id, line.sku, line.location, f"/lines/{index}")
            or (None if returned else inactive(book, ask.tenant_id, line.sku, index))
            or lot_rule(book, ask.tenant_id, line.sku, line.lot, f"/lines/{index}")
            or _units(line, index, naming)
            or describe(line, (line.sku, line.lot), f"/lines/{index}", ask, book, lots)
            or _too_much(line, index, ask, book, received)
        )
        if refused:
            return refused
    moment = effective(command.effective_at, ask, book)
    if isinstance(moment, Rejected):
        return moment
    put = _order(command, moment or book.at) or puts(_into_bins(lines, ask), receipt, ask, book)
    if isinstance(put, Rejected):
        return put
    changed = described(lots, book)
    posted = _posted(receipt, command, lines, moment, ask, book)
    body = receipt_body(posted)
    if conversions:
        body["conversions"] = list(conversions)
    return Applied(
        201,
        ("receipt", receipt),
        {**body, "lots": [lot_body(lot) for lot in changed]},
        (Event("receipt.posted", f"receipt/{receipt}", 1, body), *lot_events(changed, book)),
        (*changed, posted),
        tuple(
            Movement(
                line.sku,
                line.lot or NO_LOT,
                line.serials or (),
                SOURCES[command.source],
                line.location,
                line.quantity,
                line.unit_cost,
                "receipt",
                receipt,
                moment,
            )
            for line in lines
        ),
        serials=tuple(naming.changed.values()),
        bin_moves=put,
    )


def _into_bins(lines: Sequence[ReceivedLine], ask: Ask) -> Iterator[Named]:
    for index, line in enumerate(lines):
        key = LevelKey(ask.tenant_id, line.sku, line.location, line.lot or NO_LOT)
        yield Named(line.bin, key, line.quantity, f"/lines/{index}/bin")


def _units(line: ReceivedLine, index: int, naming: Naming) -> Rejected | None:
    """Bring in the units that a line names, or refuse those that cannot come in."""
    at, by_serial = f"/lines/{index}", naming.book.by_serial(naming.ask.tenant_id, line.sku)
    refused = serial_rule(line.sku, line.quantity, line.serials, at, by_serial=by_serial)
    if refused or line.serials is None:
        return refused
    return naming.take_in(line.sku, line.serials, line.location, at)


def _too_much(
    line: ReceivedLine, index: int, ask: Ask, book: Book, received: dict[LevelKey, Decimal]
) -> Rejected | None:
    """Refuse a level beyond all bounds; `received` is what the lines so far bring to each."""
    level = book.level(ask.tenant_id, line.sku, line.location, line.lot or NO_LOT)
    received[level.key] = received.get(level.key, ZERO) + line.quantity
    return out_of_bounds(level.on_hand + received[level.key], f"/lines/{index}/quantity")


def _order(command: PostReceipt, came: str) -> Rejected | None:
    """Refuse an order that cannot be that of these goods."""
    ordered = command.ordered_at
    if not (command.vendor_id or ordered or command.promised_at):
        return None
    rules = (
        ("vendor_id", command.source != "vendor", f"is not said of a {command.source}"),
        ("ordered_at", command.vendor_id is None, "needs a vendor_id"),
        ("ordered_at", ordered and stamp(ordered) > came, f"the goods came in at {came}"),
        ("promised_at", ordered is None, "needs an ordered_at"),
        (
            "promised_at",
            ordered and command.promised_at and command.promised_at < ordered,
            "lies before ordered_at",
        ),
    )
    for field, broken, said in rules:
        if broken and getattr(command, field) is not None:
            at = f"/{field}"
            return Rejected(422, problem(RECEIPT_RULE, f"{at}: {said}", pointer=at))
    return None


def _posted(
    receipt: str,
    command: PostReceipt,
    lines: Sequence[ReceivedLine],
    moment: str | None,
    ask: Ask,
    book: Book,
) -> Receipt:
    return Receipt(
        ask.tenant_id,
        receipt,
        command.source,
        command.reference,
        tuple(
            ReceiptLine(
                number,
                line.sku,
                line.location,
                line.lot or NO_LOT,
                line.quantity,
                line.unit_cost,
                line.serials,
            )
            for number, line in enumerate(lines, 1)
        ),
        moment or book.at,
        book.at,
        1,
        command.vendor_id,
        None if command.ordered_at is None else stamp(command.ordered_at),
        None if command.promised_at is None else stamp(command.promised_at),
    )


def receipt_body(receipt: Receipt) -> dict[str, Any]:
    """A receipt as results and events show it."""
    return {
        "receipt_id": receipt.receipt_id,
        "source": receipt.source,
        "reference": receipt.reference,
        "lines": [
            {
                "line": line.line,
                "sku": line.sku,
                "location": line.location,
                "lot": line.lot or None,
                "quantity": shown(line.quantity),
                "unit_cost": None if line.unit_cost is None else shown(line.unit_cost),
                **serials_body(line.serials),
            }
            for line in receipt.lines
        ],
        "vendor_id": receipt.vendor_id,
        "ordered_at": receipt.ordered_at,
        "promised_at": receipt.promised_at,
        "effective_at": receipt.effective_at,
        "created_at": receipt.created_at,
        "version": receipt.version,
    }
