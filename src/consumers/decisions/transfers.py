"""What transfer commands mean: stock is under way between two of our places, and accounted for."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Literal

from consumers.decisions.bodies import transfer_body
from consumers.decisions.granting import Taken, Wanted, grant, insufficient, short_line
from consumers.decisions.known import lot_rule, out_of_bounds, unknown_place
from consumers.decisions.picking import of_transfer
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.serials import (
    Naming,
    Picked,
    all_units,
    serial_rule,
    units_of,
    without,
)
from consumers.decisions.shares import Shares, all_left, reduced, shared, shares_of
from consumers.decisions.units import in_base_units
from ledger.bin_stock import BinMove
from ledger.book import Book
from ledger.documents import Transfer, TransferLine
from ledger.outcome import LOSS, TRANSIT, Applied, Commitment, Event, Movement, Outcome, Rejected
from schemas.commands.transfers import CloseTransfer, ReceiveTransfer, ShippedLine, ShipTransfer
from schemas.problems import (
    TRANSFER_ENDED,
    TRANSFER_HOLDS_LESS,
    UNKNOWN_TRANSFER,
    problem,
)

OnTransfer = ReceiveTransfer | CloseTransfer


def _places(command: ShipTransfer, tenant_id: str, needs: Needs) -> None:
    source, destination = command.from_location, command.to_location
    for line in command.lines:
        needs.items.add((tenant_id, line.sku))
        needs.locations.update(((tenant_id, source), (tenant_id, destination)))
        needs.name(tenant_id, line.sku, line.serials)
        needs.level(tenant_id, line.sku, source, line.lot)
        if line.lot is None:  # of those that will go any may be used up where they go
            needs.places.add((tenant_id, line.sku, destination))
        needs.level(tenant_id, line.sku, destination, line.lot)


def _transfer(command: OnTransfer, tenant_id: str, needs: Needs) -> None:
    needs.transfers.add((tenant_id, command.transfer_id))


@decides(ShipTransfer, needs=_places)
def ship_transfer(command: ShipTransfer, ask: Ask, book: Book) -> Outcome:
    """Take what is available out of one location, and announce it at the other.

    Without a lot those go that would be promised first. One that may not be used goes if it is
    named: to where it is kept apart, or sent back from. Which units go only the shipper knows: of an
    item tracked by serial each is named.
    """
    said = in_base_units(command.lines, ask.tenant_id, book)
    if isinstance(said, Rejected):
        return said
    wishes, conversions = said
    transfer_id = f"trf-{ask.new_id}"
    naming = Naming(ask, book, transfer_id)
    lines: list[TransferLine] = []
    short: list[dict[str, Any]] = []
    taken: Taken = {}
    for number, wanted in enumerate(wishes, 1):
        refused = _refused(command, wanted, number - 1, ask, book)
        if refused:
            return refused
        wish = Wanted(wanted.sku, command.from_location, wanted.quantity, wanted.lot)
        levels = book.levels(ask.tenant_id, wanted.sku, command.from_location)
        granted = grant(wish, ask.tenant_id, levels, taken, book, unusable_too=True)
        lines += [
            TransferLine(number, wanted.sku, lot, take, serials=wanted.serials)
            for lot, take in granted.parts
        ]
        if granted.missing:
            short.append(short_line(number, wish, granted))
        elif wanted.serials:
            ends = (command.from_location, TRANSIT)
            away = naming.take_out(wanted.sku, wanted.serials, ends, f"/lines/{number - 1}")
            if away:
                return away
    if short:
        return insufficient(short)
    transfer = Transfer(
        ask.tenant_id,
        transfer_id,
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
    picked = of_transfer(transfer, wishes, ask, book)
    if isinstance(picked, Rejected):
        return picked
    return _sent(transfer, naming, book, picked)


def _sent(transfer: Transfer, naming: Naming, book: Book, picked: tuple[BinMove, ...]) -> Outcome:
    """The outcome of a transfer all of which is in transit now."""
    gone, units = all_left(transfer.lines), all_units(transfer.lines)
    refused = _too_much(transfer, gone, transfer.to_location, "incoming", book)
    if refused:
        return refused
    shipped = _changed(
        201,
        "transfer.shipped",
        transfer,
        _movements(transfer, gone, units, (transfer.from_location, TRANSIT), "transfer"),
        _announced(transfer, gone, 1),
        naming,
    )
    shipped.bin_moves = picked
    return shipped


@decides(ReceiveTransfer, needs=_transfer)
def receive_transfer(command: ReceiveTransfer, ask: Ask, book: Book) -> Outcome:
    """Take stock out of transit into the location it was sent to, never more than was sent."""
    transfer = _under_way(command, ask, book)
    if isinstance(transfer, Rejected):
        return transfer
    shares = shares_of(transfer.lines, command.lines, TRANSFER_HOLDS_LESS)
    if isinstance(shares, Rejected):
        return shares
    units = units_of(transfer.lines, shares, command.lines, must_name=True)
    if isinstance(units, Rejected):
        return units
    refused = _too_much(transfer, shares, transfer.to_location, "on_hand", book)
    if refused:
        return refused
    return _arrived(transfer, (shares, units), ("received", "received"), "transfer", ask, book)


@decides(CloseTransfer, needs=_transfer)
def close_transfer(command: CloseTransfer, ask: Ask, book: Book) -> Outcome:
    """Account for all that did not arrive."""
    transfer = _under_way(command, ask, book)
    if isinstance(transfer, Rejected):
        return transfer
    shares = all_left(transfer.lines)
    if command.rest == "returned":
        refused = _too_much(transfer, shares, transfer.from_location, "on_hand", book)
        if refused:
            return refused
    units = all_units(transfer.lines)
    return _arrived(transfer, (shares, units), (command.rest, "closed"), command.reason, ask, book)


def _arrived(
    transfer: Transfer,
    taken: tuple[Shares, Picked],
    how: tuple[str, str],
    reason: str,
    ask: Ask,
    book: Book,
) -> Applied:
    """The outcome of shares and their units that are in transit no more.

    `how` is the column that notes them, and how a transfer ends of which nothing is left.
    """
    (shares, units), (column, ended) = taken, how
    to = {"received": transfer.to_location, "lost": LOSS}.get(column, transfer.from_location)
    naming = Naming(ask, book, transfer.transfer_id)
    for index, serials in units.items():
        at = f"/lines/{transfer.lines[index].line - 1}"
        refused = naming.take_out(transfer.lines[index].sku, serials, (TRANSIT, to), at)
        if refused:
            raise RuntimeError(f"{transfer.transfer_id} has units that are not in transit")
    changed = _reduced(transfer, shares, column, ended)
    if ended == "closed":
        changed = changed._replace(reason=reason)
    return _changed(
        200,
        f"transfer.{ended}",
        changed._replace(lines=without(changed.lines, units)),
        _movements(transfer, shares, units, (TRANSIT, to), reason),
        _announced(transfer, shares, -1),
        naming,
    )


def _refused(
    command: ShipTransfer, wanted: ShippedLine, index: int, ask: Ask, book: Book
) -> Rejected | None:
    at = f"/lines/{index}"
    for location in (command.from_location, command.to_location):
        unknown = unknown_place(book, ask.tenant_id, wanted.sku, location, at)
        if unknown:
            return unknown
    by_serial = book.by_serial(ask.tenant_id, wanted.sku)
    refused = serial_rule(wanted.sku, wanted.quantity, wanted.serials, at, by_serial=by_serial)
    if refused or wanted.lot is None:
        return refused
    return lot_rule(book, ask.tenant_id, wanted.sku, wanted.lot, at)


def _too_much(
    transfer: Transfer,
    shares: Shares,
    location: str,
    of: Literal["on_hand", "incoming"],
    book: Book,
) -> Rejected | None:
    """Refuse what a location would have, or have to expect, beyond all bounds."""
    coming: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for line, quantity in shared(transfer.lines, shares):
        level = book.level(transfer.tenant_id, line.sku, location, line.lot)
        coming[level.key] += quantity
        then = getattr(level, of) + coming[level.key]
        refused = out_of_bounds(then, f"/lines/{line.line - 1}/quantity")
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
    transfer: Transfer, shares: Shares, units: Picked, ends: tuple[str, str], reason: str
) -> tuple[Movement, ...]:
    lines, document = transfer.lines, transfer.transfer_id
    return tuple(
        Movement(
            lines[index].sku,
            lines[index].lot,
            units.get(index, ()),
            *ends,
            quantity,
            None,
            reason,
            document,
        )
        for index, quantity in shares
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
    naming: Naming,
) -> Applied:
    """The outcome that leaves a transfer as given."""
    return Applied(
        code,
        ("transfer", transfer.transfer_id),
        transfer_body(transfer),
        (Event(event, f"transfer/{transfer.transfer_id}", transfer.version),),
        (transfer,),
        movements,
        commitments,
        serials=tuple(naming.changed.values()),
    )
