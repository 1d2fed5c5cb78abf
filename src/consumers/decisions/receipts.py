"""What receipt commands mean: goods come in from outside, and their lots become known."""

from decimal import Decimal
from typing import Any, Final

from consumers.decisions.known import lot_rule, out_of_bounds, unknown_place
from consumers.decisions.labels import Lots, describe, described, lot_events
from consumers.decisions.lots import lot_body
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import (
    CUSTOMER,
    NO_LOT,
    PRODUCTION,
    VENDOR,
    Applied,
    Book,
    Event,
    LevelKey,
    Movement,
    Outcome,
    Rejected,
)
from ledger.documents import Lot
from schemas.base import ZERO, shown
from schemas.commands.receipts import PostReceipt, ReceivedLine

SOURCES: Final = {"vendor": VENDOR, "customer": CUSTOMER, "production": PRODUCTION}


def _lines(command: PostReceipt, tenant_id: str, needs: Needs) -> None:
    for line in command.lines:
        needs.places.add((tenant_id, line.sku, line.location))
        needs.items.add((tenant_id, line.sku))
        needs.locations.add((tenant_id, line.location))
        if line.lot is not None:
            needs.lots.add((tenant_id, line.sku, line.lot))


@decides(PostReceipt, needs=_lines)
def post_receipt(command: PostReceipt, ask: Ask, book: Book) -> Outcome:
    """Move the goods in. Dates that a line states are noted with its lot, if it had none.

    Two statements of one date that differ are a mistake of somebody's: refused, with both.
    """
    receipt = f"rcp-{ask.new_id}"
    lots: Lots = {}
    received: dict[LevelKey, Decimal] = {}
    for index, line in enumerate(command.lines):
        refused = (
            unknown_place(book, ask.tenant_id, line.sku, line.location, f"/lines/{index}")
            or lot_rule(book, ask.tenant_id, line.sku, line.lot, f"/lines/{index}")
            or describe(line, (line.sku, line.lot), f"/lines/{index}", ask, book, lots)
            or _too_much(line, index, ask, book, received)
        )
        if refused:
            return refused
    changed = described(lots, book)
    return Applied(
        201,
        ("receipt", receipt),
        _body(receipt, command, book, changed),
        (
            Event("receipt.posted", f"receipt/{receipt}", 1, _body(receipt, command, book)),
            *lot_events(changed, book),
        ),
        changed,
        tuple(
            Movement(
                line.sku,
                line.lot or NO_LOT,
                "",
                SOURCES[command.source],
                line.location,
                line.quantity,
                line.unit_cost,
                "receipt",
                receipt,
            )
            for line in command.lines
        ),
    )


def _too_much(
    line: ReceivedLine, index: int, ask: Ask, book: Book, received: dict[LevelKey, Decimal]
) -> Rejected | None:
    """Refuse a level beyond all bounds; `received` is what the lines so far bring to each."""
    level = book.level(ask.tenant_id, line.sku, line.location, line.lot or NO_LOT)
    received[level.key] = received.get(level.key, ZERO) + line.quantity
    return out_of_bounds(level.on_hand + received[level.key], f"/lines/{index}/quantity")


def _body(
    receipt: str, command: PostReceipt, book: Book, changed: tuple[Lot, ...] | None = None
) -> dict[str, Any]:
    """A receipt as its event shows it; its result shows the lots that it described as well."""
    body: dict[str, Any] = {
        "receipt_id": receipt,
        "source": command.source,
        "reference": command.reference,
        "lines": [
            {
                "line": number,
                "sku": line.sku,
                "location": line.location,
                "lot": line.lot,
                "quantity": shown(line.quantity),
                "unit_cost": None if line.unit_cost is None else shown(line.unit_cost),
            }
            for number, line in enumerate(command.lines, 1)
        ],
        "created_at": book.at,
    }
    if changed is not None:
        body["lots"] = [lot_body(lot) for lot in changed]
    return body
