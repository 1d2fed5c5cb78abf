"""What transfer commands mean: stock is under way between two of our places, and accounted for."""

from decimal import Decimal
from typing import Any, Final

from consumers.decisions.granting import Taken, Wanted, grant, insufficient, short_line
from consumers.decisions.known import lot_rule, unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import (
    LOSS,
    TRANSIT,
    Applied,
    Book,
    Commitment,
    Event,
    Movement,
    Outcome,
    Rejected,
)
from ledger.documents import Transfer, TransferLine
from schemas.base import ZERO, shown
from schemas.commands.transfers import (
    ArrivedLine,
    CloseTransfer,
    ReceiveTransfer,
    ShipTransfer,
)
from schemas.problems import (
    TRANSFER_ENDED,
    TRANSFER_HOLDS_LESS,
    UNKNOWN_TRANSFER,
    problem,
)

OnTransfer = ReceiveTransfer | CloseTransfer
Parts = dict[int, Decimal]
"""How much of which of a transfer's lines, by their index."""

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
    lines: list[TransferLine] = []
    short: list[dict[str, Any]] = []
    taken: Taken = {}
    for number, wanted in enumerate(command.lines, 1):
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
    )
    gone = {index: line.shipped for index, line in enumerate(lines)}
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
    parts = _arrived(transfer, command.lines)
    if isinstance(parts, Rejected):
        return parts
    changed = _ended(transfer, parts, "received", "received")
    return _changed(
        200,
        "transfer.received",
        changed,
        _movements(transfer, parts, (TRANSIT, transfer.to_location), "transfer"),
        _announced(transfer, parts, -1),
    )


@decides(CloseTransfer, needs=_transfer)
def close_transfer(command: CloseTransfer, ask: Ask, book: Book) -> Outcome:
    """Account for all that did not arrive."""
    transfer = _under_way(command, ask, book)
    if isinstance(transfer, Rejected):
        return transfer
    parts = {index: line.left for index, line in enumerate(transfer.lines) if line.left}
    changed = _ended(transfer, parts, command.rest, "closed")._replace(reason=command.reason)
    to = ENDS[command.rest] or transfer.from_location
    return _changed(
        200,
        "transfer.closed",
        changed,
        _movements(transfer, parts, (TRANSIT, to), command.reason),
        _announced(transfer, parts, -1),
    )


def _refused(command: ShipTransfer, index: int, ask: Ask, book: Book) -> Rejected | None:
    wanted, at = command.lines[index], f"/lines/{index}"
    for location in (command.from_location, command.to_location):
        unknown = unknown_place(book, ask.tenant_id, wanted.sku, location, at)
        if unknown:
            return unknown
    return lot_rule(book, ask.tenant_id, wanted.sku, wanted.lot, at) if wanted.lot else None


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


def _arrived(transfer: Transfer, arrived: list[ArrivedLine] | None) -> Parts | Rejected:
    """What arrived of each line: all that is left, or the named parts, lot by lot in their order."""
    left = {index: line.left for index, line in enumerate(transfer.lines) if line.left}
    if arrived is None:
        return left
    parts: Parts = {}
    for at, part in enumerate(arrived):
        wanted = part.quantity
        for index, line in enumerate(transfer.lines):
            take = min(left.get(index, ZERO), wanted)
            if line.line == part.line and take:
                left[index] -= take
                wanted -= take
                parts[index] = parts.get(index, ZERO) + take
        if wanted:
            under_way = shown(part.quantity - wanted)
            said = f"/lines/{at}: {under_way} of line {part.line} is in transit"
            return Rejected(409, problem(TRANSFER_HOLDS_LESS, said, pointer=f"/lines/{at}"))
    return parts


def _ended(transfer: Transfer, parts: Parts, column: str, status: str) -> Transfer:
    """The transfer with its parts accounted for; ended once nothing is in transit."""
    lines = list(transfer.lines)
    for index, quantity in parts.items():
        line = lines[index]
        lines[index] = line._replace(**{column: getattr(line, column) + quantity})
    ended = not any(line.left for line in lines)
    return transfer._replace(
        lines=tuple(lines),
        status=status if ended else "in_transit",
        version=transfer.version + 1,
    )


def _movements(
    transfer: Transfer, parts: Parts, ends: tuple[str, str], reason: str
) -> tuple[Movement, ...]:
    lines = ((transfer.lines[index], quantity) for index, quantity in sorted(parts.items()))
    return tuple(
        Movement(line.sku, line.lot, "", *ends, quantity, None, reason, transfer.transfer_id)
        for line, quantity in lines
    )


def _announced(transfer: Transfer, parts: Parts, sign: int) -> tuple[Commitment, ...]:
    """What the location that it goes to may expect: more, or less again."""
    lines = ((transfer.lines[index], quantity) for index, quantity in sorted(parts.items()))
    return tuple(
        Commitment(line.sku, transfer.to_location, line.lot, quantity * sign, "incoming")
        for line, quantity in lines
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
    return {
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
