"""What hold commands mean: stock is kept from everybody, and given back."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from consumers.decisions.known import lot_rule, unknown_item, unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.serials import serial_rule
from consumers.decisions.shares import Shares, all_left, reduced, shared
from consumers.decisions.units import in_base
from ledger.bin_stock import BinHold
from ledger.book import Book
from ledger.documents import Hold, HoldLine
from ledger.level import Level
from ledger.outcome import Applied, Commitment, Event, Outcome, Rejected
from schemas.base import ZERO, shown
from schemas.commands.holds import PlaceHold, ReleaseHold
from schemas.problems import (
    HOLD_HOLDS_LESS,
    HOLD_RELEASED,
    INSUFFICIENT_STOCK,
    UNKNOWN_HOLD,
    problem,
)


def _where(command: PlaceHold, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    if command.location is None:
        needs.wherever.add((tenant_id, command.sku))
    else:
        needs.stocked.add((tenant_id, command.sku, command.location))
        needs.locations.add((tenant_id, command.location))
        if command.bin is not None:
            needs.shelve((tenant_id, command.sku, command.location), None)


def _hold(command: ReleaseHold, tenant_id: str, needs: Needs) -> None:
    needs.holds.add((tenant_id, command.hold_id))


@decides(PlaceHold, needs=_where)
def place_hold(command: PlaceHold, ask: Ask, book: Book) -> Outcome:
    """Hold as much as is asked, from what is available, place by place and lot by lot."""
    refused = _refused(command, ask, book)
    if refused:
        return refused
    lines: list[HoldLine] = []
    left = command.quantity
    for level in _levels(command, ask, book):
        free = _free(level, command.bin, book)
        take = free if left is None else min(free, left)
        if take > ZERO:
            lines.append(HoldLine(level.key.location, level.key.lot, take, bin=command.bin))
            left = None if left is None else left - take
    held = sum((line.held for line in lines), ZERO)
    if left or not lines:
        return _short(command, held)
    hold = Hold(
        ask.tenant_id,
        f"hold-{ask.new_id}",
        command.sku,
        "active",
        command.reason,
        tuple(lines),
        book.at,
        1,
    )
    return _changed(201, "hold.placed", hold, [(line, line.held) for line in lines])


@decides(ReleaseHold, needs=_hold)
def release_hold(command: ReleaseHold, ask: Ask, book: Book) -> Outcome:
    """Give held stock back, line by line in their order."""
    hold = book.holds.get((ask.tenant_id, command.hold_id))
    if hold is None:
        said = f"/hold_id: there is no hold {command.hold_id}"
        return Rejected(404, problem(UNKNOWN_HOLD, said, pointer="/hold_id"))
    if hold.status != "active":
        return Rejected(409, problem(HOLD_RELEASED, f"hold {hold.hold_id} is {hold.status}"))
    held = sum((line.left for line in hold.lines), ZERO)
    left = held if command.quantity is None else command.quantity
    if left > held:
        said = f"/quantity: hold {hold.hold_id} holds {shown(held)} of the {shown(left)} named"
        return Rejected(409, problem(HOLD_HOLDS_LESS, said, pointer="/quantity"))
    shares = _first(hold, left)
    lines = reduced(hold.lines, shares, "released")
    back = [(line, -take) for line, take in shared(hold.lines, shares)]
    changed = hold._replace(
        lines=lines,
        status="active" if any(line.left for line in lines) else "released",
        version=hold.version + 1,
    )
    return _changed(200, "hold.released", changed, back)


def _first(hold: Hold, wanted: Decimal) -> Shares:
    """So much of a hold that has it, line by line in their order."""
    shares: Shares = []
    for index, left in all_left(hold.lines):
        take = min(left, wanted)
        if take:
            shares.append((index, take))
            wanted -= take
    return shares


def _refused(command: PlaceHold, ask: Ask, book: Book) -> Rejected | None:
    if command.location is None:
        unknown = unknown_item(book, ask.tenant_id, command.sku, "")
    else:
        unknown = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    if not unknown and command.quantity is not None:
        by_serial = book.by_serial(ask.tenant_id, command.sku)
        unknown = serial_rule(
            command.sku, command.quantity, None, "", by_serial=by_serial, named=False
        )
    if unknown:
        return unknown
    if command.quantity is not None:
        item = book.items[ask.tenant_id, command.sku]
        quantity = in_base(item, command.quantity, None, "")
        if isinstance(quantity, Rejected):
            return quantity
    if command.lot is None:
        return None
    return lot_rule(book, ask.tenant_id, command.sku, command.lot)


def _levels(command: PlaceHold, ask: Ask, book: Book) -> list[Level]:
    """What may be held, in the order of locations and lots."""
    wanted = (ask.tenant_id, command.sku)
    return sorted(
        (
            level
            for place, found in book.places.items()
            if place[:2] == wanted and command.location in (None, place[2])
            for lot, level in found.items()
            if command.lot in (None, lot)
        ),
        key=lambda level: level.key,
    )


def _free(level: Level, code: str | None, book: Book) -> Decimal:
    """How much of a level may be held; of a bin, no more than lies there and is not held."""
    if code is None:
        return level.free
    there = book.shelves.at(level.key, code)
    return min(level.free, there.on_hand - there.held)


def _short(command: PlaceHold, available: Decimal) -> Rejected:
    """Refuse to hold more than there is to hold."""
    wanted = "something" if command.quantity is None else shown(command.quantity)
    at = command.location or "all locations"
    if command.bin is not None:
        at += f" in bin {command.bin}"
    said = f"{command.sku} at {at}: {wanted} to hold, {shown(available)} available"
    short = {
        "sku": command.sku,
        "location": command.location,
        "lot": command.lot,
        "requested": None if command.quantity is None else shown(command.quantity),
        "available": shown(available),
    }
    return Rejected(409, problem(INSUFFICIENT_STOCK, said, lines=[short]))


def _changed(
    code: int, event: str, hold: Hold, more: Sequence[tuple[HoldLine, Decimal]]
) -> Applied:
    """The outcome that leaves a hold as given, with more held of its lines, or less."""
    return Applied(
        code,
        ("hold", hold.hold_id),
        hold_body(hold),
        (Event(event, f"hold/{hold.hold_id}", hold.version),),
        (hold,),
        commitments=tuple(
            Commitment(hold.sku, line.location, line.lot, quantity, "held")
            for line, quantity in more
        ),
        bin_holds=tuple(
            BinHold(hold.sku, line.location, line.lot, line.bin, quantity)
            for line, quantity in more
            if line.bin
        ),
    )


def hold_body(hold: Hold) -> dict[str, Any]:
    """A hold as results and events show it."""
    return {
        "hold_id": hold.hold_id,
        "sku": hold.sku,
        "status": hold.status,
        "reason": hold.reason,
        "lines": [
            {
                "location": line.location,
                "lot": line.lot or None,
                "held": shown(line.held),
                "released": shown(line.released),
                **({"bin": line.bin} if line.bin else {}),
            }
            for line in hold.lines
        ],
        "created_at": hold.created_at,
        "version": hold.version,
    }
