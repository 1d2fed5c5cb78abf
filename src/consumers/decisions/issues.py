"""What issues mean: stock that was promised to nobody leaves us, for somebody or for good."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from consumers.decisions.backdating import effective, needs_period
from consumers.decisions.bodies import serials_body
from consumers.decisions.granting import Taken, Wanted, grant, insufficient, overdrawn, short_line
from consumers.decisions.known import lot_rule, unknown_place
from consumers.decisions.picking import Named, picks
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.serials import Naming, serial_rule
from consumers.decisions.units import Conversions, in_base_units
from ledger.book import Book
from ledger.level import LevelKey
from ledger.outcome import (
    CUSTOMER,
    LOSS,
    PRODUCTION,
    SCRAP,
    VENDOR,
    Applied,
    Event,
    Movement,
    Outcome,
    Rejected,
)
from schemas.base import shown
from schemas.commands.issues import IssuedLine, IssueStock
from schemas.problems import UNKNOWN_RECEIPT, WITNESS_ACTS, problem

GOES_TO: Final = {
    "customer": CUSTOMER,
    "production": PRODUCTION,
    "scrap": SCRAP,
    "loss": LOSS,
    "vendor": VENDOR,
}
WRITTEN_OFF: Final = frozenset({"scrap", "loss", "vendor"})
"""Where stock goes that nobody will use: of a lot that may not be used, only there."""


def _from(command: IssueStock, tenant_id: str, needs: Needs) -> None:
    needs_period(command.effective_at, tenant_id, needs)
    if command.receipt_id is not None:
        needs.receipts.add((tenant_id, command.receipt_id))
    for line in command.lines:
        needs.level(tenant_id, line.sku, line.location, line.lot)
        needs.items.add((tenant_id, line.sku))
        needs.locations.add((tenant_id, line.location))
        needs.name(tenant_id, line.sku, line.serials)


class Part(NamedTuple):
    """How much of one lot leaves by a line of the command."""

    number: int
    line: IssuedLine
    lot: str
    quantity: Decimal


@decides(IssueStock, needs=_from)
def issue_stock(command: IssueStock, ask: Ask, book: Book) -> Outcome:
    """Take what is available out of stock; without a lot those go that would be promised first."""
    refused = _unwitnessed(command, ask) or _not_received(command, ask, book)
    if refused:
        return refused
    said = in_base_units(command.lines, ask.tenant_id, book)
    if isinstance(said, Rejected):
        return said
    lines, conversions = said
    naming = Naming(ask, book, command.receipt_id or f"stock-{ask.new_id}")
    parts = _parts(command, lines, naming)
    if isinstance(parts, Rejected):
        return parts
    moment = effective(command.effective_at, ask, book)
    if isinstance(moment, Rejected):
        return moment
    return _issued(command, parts, naming, conversions, moment)


def _unwitnessed(command: IssueStock, ask: Ask) -> Rejected | None:
    """Refuse a destruction that nobody else has seen."""
    if command.destruction is None or command.destruction.witness_id != ask.actor_id:
        return None
    at = "/destruction/witness_id"
    said = f"{at}: {ask.actor_id} tells of it, and somebody else has to have seen it"
    return Rejected(409, problem(WITNESS_ACTS, said, pointer=at))


def _not_received(command: IssueStock, ask: Ask, book: Book) -> Rejected | None:
    """Refuse a receipt that no vendor sent, or that did not bring what is to go back."""
    if command.receipt_id is None:
        return None
    receipt = book.receipts.get((ask.tenant_id, command.receipt_id))
    if receipt is None or receipt.source != "vendor":
        said = f"/receipt_id: there is no receipt {command.receipt_id} from a vendor"
        return Rejected(404, problem(UNKNOWN_RECEIPT, said, pointer="/receipt_id"))
    brought = {line.sku for line in receipt.lines}
    for index, line in enumerate(command.lines):
        if line.sku not in brought:
            at = f"/lines/{index}/sku"
            said = f"{at}: receipt {command.receipt_id} brought no {line.sku}"
            return Rejected(404, problem(UNKNOWN_RECEIPT, said, pointer=at))
    return None


def _parts(
    command: IssueStock, lines: Sequence[IssuedLine], naming: Naming
) -> list[Part] | Rejected:
    """What leaves of which lots, all of it or nothing."""
    ask, book = naming.ask, naming.book
    taken: Taken = {}
    short: list[dict[str, Any]] = []
    parts: list[Part] = []
    for number, line in enumerate(lines, 1):
        at = f"/lines/{number - 1}"
        refused = _no_line(line, ask, book, at)
        if refused:
            return refused
        levels = book.levels(ask.tenant_id, line.sku, line.location)
        wish = Wanted(line.sku, line.location, line.quantity, line.lot)
        written_off = command.to in WRITTEN_OFF
        granted = grant(wish, ask.tenant_id, levels, taken, book, unusable_too=written_off)
        if granted.missing and command.allow_negative:
            granted = overdrawn(wish, granted, ask.tenant_id, taken, book)
        parts += [Part(number, line, lot, quantity) for lot, quantity in granted.parts]
        if granted.missing:
            short.append(short_line(number, wish, granted))
        elif line.serials:
            ends = (line.location, GOES_TO[command.to])
            refused = naming.take_out(line.sku, line.serials, ends, at)
            if refused:
                return refused
    return insufficient(short) if short else parts


def _no_line(line: IssuedLine, ask: Ask, book: Book, at: str) -> Rejected | None:
    """Refuse a line that names nothing, or a lot or serials where the item has none."""
    refused = unknown_place(book, ask.tenant_id, line.sku, line.location, at)
    if refused:
        return refused
    if line.lot is not None:
        refused = lot_rule(book, ask.tenant_id, line.sku, line.lot, at)
    by_serial = book.by_serial(ask.tenant_id, line.sku)
    return refused or serial_rule(line.sku, line.quantity, line.serials, at, by_serial=by_serial)


def _from_bins(parts: Sequence[Part], ask: Ask) -> Iterator[Named]:
    for number, line, lot, quantity in parts:
        key = LevelKey(ask.tenant_id, line.sku, line.location, lot)
        yield Named(line.bin, key, quantity, f"/lines/{number - 1}/bin")


def _issued(
    command: IssueStock,
    parts: list[Part],
    naming: Naming,
    conversions: Conversions,
    moment: str | None,
) -> Outcome:
    ask, document = (
        naming.ask,
        naming.document,
    )  # of what goes back the receipt: by it is its cost known
    picked = picks(_from_bins(parts, ask), document, ask, naming.book)
    if isinstance(picked, Rejected):
        return picked
    named = f"stock-{ask.new_id}"
    return Applied(
        201,
        ("stock-movement", named),
        {
            "id": named,
            "to": command.to,
            "reason_code": command.reason_code,
            "reference": command.reference,
            **({"receipt_id": command.receipt_id} if command.receipt_id else {}),
            "lines": [
                {
                    "line": number,
                    "sku": line.sku,
                    "location": line.location,
                    "lot": lot or None,
                    "quantity": shown(quantity),
                    **serials_body(line.serials),
                }
                for number, line, lot, quantity in parts
            ],
            **({"destruction": command.destruction.model_dump()} if command.destruction else {}),
            **({"conversions": list(conversions)} if conversions else {}),
        },
        (Event("stock.issued", f"stock-movement/{named}", 1),),
        movements=tuple(
            Movement(
                line.sku,
                lot,
                line.serials or (),
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
        serials=tuple(naming.changed.values()),
        bin_moves=picked,
    )
