"""What transfer commands mean: stock is under way between two of our places, and accounted for."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Final, Literal

from consumers.decisions.granting import Taken, Wanted, grant, insufficient, short_line
from consumers.decisions.known import lot_rule, out_of_bounds, unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.shares import Shares, all_left, reduced, shared, shares_of
from consumers.decisions.units import in_base_units
from ledger.book import (
    LOSS,
    TRANSIT,
    Applied,
    Book,
    Commitment,
    Event,
    LevelKey,
    Movement,
    Outcome,
    Rejected,
)
from ledger.documents import Transfer, TransferLine
from schemas.base import shown
from schemas.commands.transfers import CloseTransfer, ReceiveTransfer, ShipTransfer
from schemas.problems import (
    TRANSFER_ENDED,
    TRANSFER_HOLDS_LESS,
    UNKNOWN_TRANSFER,
    problem,
)

OnTransfer = ReceiveTransfer | CloseTransfer

ENDS: Final = {"lost": LOSS, "returned": None}
"""Where what does not arrive ends up; None is where it came from."""


def _places(command: ShipTransfer, tenant_id: str, needs: Needs) -> None:
    for location in (command.from_location, command.to_location):
        needs.locations.add((tenant_id, location))
        needs.places.update((tenant_id, line.sku, location) for line in command.lines)
    needs.items.update((tenant_id, line.sku) for line in command.lines)


def _transfer(command: OnTransfer, tenant_id: str, needs: Needs) -> None:
    needs.transfers.add((tenant_id, command.transfer_id))


@decides(ShipTransfer, needs=_places)
def ship_transfer(command: ShipTransfer, ask: Ask, book: Book) -> Outcome:
    """Take what is available out of one location, and announce it at the other.

    Without a lot those go that would be promised first. One that may not be used goes nowhere by
    itself: it is written off, or given free before.
    """
    said = in_base_units(command.lines, ask.tenant_id, book)
    if isinstance(said, Rejected):
        return said
    wishes, conversions = said
    lines: list[TransferLine] = []
    short: list[dict[str, Any]] = []
    taken: Taken = {}
    for number, wanted in enumerate(wishes, 1):
        refused = _refused(command, number - 1, ask, book)
        if refused:
            return refused
        wish = Wanted(wanted.sku, command.from_location, wanted.quantity, wanted.lot)
        levels = book.levels(ask.tenant_id, wanted.sku, command.from_location)
        granted = grant(wish, ask.tenant_id, levels, taken, book)
        lines += [TransferLine(number, wanted.sku, lot, take) for lot, take in granted.parts]
        if granted.missing:
            short.append(short_line(number, wish, granted))
    if short:
        return insufficient(short)
    transfer = Transfer(
        ask.tenant_id,
        f"trf-{ask.new_id}",
        command.from_location,
        command.to_location,
        "in_transit",
        command.reference,
        None,
        tuple(lines),
        book.at,
        1,
        conversions,
    )
    gone = all_left(transfer.lines)
    refused = _too_much(transfer, gone, transfer.to_location, "incoming", book)
    if refused:
        return refused
    return _changed(
        201,
        "transfer.shipped",
        transfer,
        _movements(transfer, gone, (command.from_location, TRANSIT), "transfer"),
        _announced(transfer, gone, 1),
    )


@decides(ReceiveTransfer, needs=_transfer)
def receive_transfer(command: ReceiveTransfer, ask: Ask, book: Book) -> Outcome:
    """Take stock out of transit into the location it was sent to, never more than was sent."""
    transfer = _under_way(command, ask, book)
    if isinstance(transfer, Rejected):
        return transfer
    shares = shares_of(transfer.lines, command.lines, TRANSFER_HOLDS_LESS)
    if isinstance(shares, Rejected):
        return shares
    refused = _too_much(transfer, shares, transfer.to_location, "on_hand", book)
    if refused:
        return refused
    changed = _reduced(transfer, shares, "received", "received")
    return _changed(
        200,
        "transfer.received",
        changed,
        _movements(transfer, shares, (TRANSIT, transfer.to_location), "transfer"),
        _announced(transfer, shares, -1),
    )


@decides(CloseTransfer, needs=_transfer)
def close_transfer(command: CloseTransfer, ask: Ask, book: Book) -> Outcome:
    """Account for all that did not arrive."""
    transfer = _under_way(command, ask, book)
    if isinstance(transfer, Rejected):
        return transfer
    shares = all_left(transfer.lines)
    to = ENDS[command.rest]
    if to is None:
        to = transfer.from_location
        refused = _too_much(transfer, shares, to, "on_hand", book)
        if refused:
            return refused
    changed = _reduced(transfer, shares, command.rest, "closed")._replace(reason=command.reason)
    return _changed(
        200,
        "transfer.closed",
        changed,
        _movements(transfer, shares, (TRANSIT, to), command.reason),
        _announced(transfer, shares, -1),
    )


def _refused(command: ShipTransfer, index: int, ask: Ask, book: Book) -> Rejected | None:
    wanted, at = command.lines[index], f"/lines/{index}"
    for location in (command.from_location, command.to_location):
        unknown = unknown_place(book, ask.tenant_id, wanted.sku, location, at)
        if unknown:
            return unknown
    return lot_rule(book, ask.tenant_id, wanted.sku, wanted.lot, at) if wanted.lot else None


def _too_much(
    transfer: Transfer,
    shares: Shares,
    location: str,
    of: Literal["on_hand", "incoming"],
    book: Book,
) -> Rejected | None:
    """Refuse what a location would have, or have to expect, beyond all bounds."""
    coming: defaultdict[LevelKey, Decimal] = defaultdict(Decimal)
    for line, quantity in shared(transfer.lines, shares):
        level = book.level(transfer.tenant_id, line.sku, location, line.lot)
        coming[level.key] += quantity
        total = getattr(level, of) + coming[level.key]
        refused = out_of_bounds(total, f"/lines/{line.line - 1}/quantity")
        if refused:
            return refused
    return None


def _under_way(command: OnTransfer, ask: Ask, book: Book) -> Transfer | Rejected:
    """The transfer, if anything of it is in transit."""
    found = book.transfers.get((ask.tenant_id, command.transfer_id))
    if found is None:
        said = f"/transfer_id: there is no transfer {command.transfer_id}"
        return Rejected(404, problem(UNKNOWN_TRANSFER, said, pointer="/transfer_id"))
    if found.status != "in_transit":
        said = f"transfer {found.transfer_id} is {found.status}"
        return Rejected(409, problem(TRANSFER_ENDED, said, transfer_status=found.status))
    return found


def _reduced(transfer: Transfer, shares: Shares, column: str, ended: str) -> Transfer:
    """The transfer with its shares accounted for; ended once nothing is in transit."""
    lines = reduced(transfer.lines, shares, column)
    status = "in_transit" if any(line.left for line in lines) else ended
    return transfer._replace(lines=lines, status=status, version=transfer.version + 1)


def _movements(
    transfer: Transfer, shares: Shares, ends: tuple[str, str], reason: str
) -> tuple[Movement, ...]:
    return tuple(
        Movement(line.sku, line.lot, "", *ends, quantity, None, reason, transfer.transfer_id)
        for line, quantity in shared(transfer.lines, shares)
    )


def _announced(transfer: Transfer, shares: Shares, sign: int) -> tuple[Commitment, ...]:
    """What the location that it goes to may expect: more, or less again."""
    return tuple(
        Commitment(line.sku, transfer.to_location, line.lot, quantity * sign, "incoming")
        for line, quantity in shared(transfer.lines, shares)
    )


def _changed(
    code: int,
    event: str,
    transfer: Transfer,
    movements: tuple[Movement, ...],
    commitments: tuple[Commitment, ...],
) -> Applied:
    """The outcome that leaves a transfer as given."""
    named = transfer.transfer_id
    return Applied(
        code,
        ("transfer", named),
        transfer_body(transfer),
        (Event(event, f"transfer/{named}", transfer.version),),
        (transfer,),
        movements,
        commitments,
    )


def transfer_body(transfer: Transfer) -> dict[str, Any]:
    """A transfer as results and events show it."""
    body: dict[str, Any] = {
        "transfer_id": transfer.transfer_id,
        "from_location": transfer.from_location,
        "to_location": transfer.to_location,
        "status": transfer.status,
        "reference": transfer.reference,
        "reason": transfer.reason,
        "lines": [
            {
                "line": line.line,
                "sku": line.sku,
                "lot": line.lot or None,
                "shipped": shown(line.shipped),
                "received": shown(line.received),
                "lost": shown(line.lost),
                "returned": shown(line.returned),
            }
            for line in transfer.lines
        ],
        "created_at": transfer.created_at,
        "version": transfer.version,
    }
    if transfer.conversions:
        body["conversions"] = list(transfer.conversions)
    return body
