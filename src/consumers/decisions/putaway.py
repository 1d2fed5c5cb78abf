"""What put-away commands mean: loose stock goes into bins, those that are named or those that fit."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from consumers.decisions.carrying import Carrying
from consumers.decisions.filling import no_room, no_units, room_at
from consumers.decisions.known import lot_rule, unknown_location, unknown_place
from consumers.decisions.picking import too_little
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.units import factor_of, in_base
from ledger.bin_stock import LOOSE, Bin, BinMove
from ledger.book import Book
from ledger.costing import Receipt
from ledger.documents import Item
from ledger.level import NO_LOT, LevelKey
from ledger.outcome import Applied, Event, Outcome, Rejected
from ledger.putaway import Placed, Putaway, Room, Wish, step_of
from schemas.base import ZERO, shown
from schemas.commands.putaway import PostPutaway, PutLine
from schemas.problems import UNKNOWN_RECEIPT, problem


def _where(command: PostPutaway, tenant_id: str, needs: Needs) -> None:
    needs.locations.add((tenant_id, command.location))
    if command.receipt_id is not None:
        needs.receipts.add((tenant_id, command.receipt_id))
        needs.put_away.add((tenant_id, command.receipt_id, command.location))
        needs.bins_at.add((tenant_id, command.location))
    for line in command.lines or ():
        needs.items.add((tenant_id, line.sku))
        needs.shelve((tenant_id, line.sku, command.location), line.bin)
        if line.bin is None:
            needs.bins_at.add((tenant_id, command.location))


class Line(NamedTuple):
    """What is to be put away: so much of a level, by rule or into a bin that was named."""

    number: int
    key: LevelKey
    item: Item
    quantity: Decimal
    step: Decimal | None
    into: str | None = None


@decides(PostPutaway, needs=_where)
def post_putaway(command: PostPutaway, ask: Ask, book: Book) -> Outcome:
    """Put stock away, line by line: what one line fills has no room for the next."""
    refused = unknown_location(book, ask.tenant_id, command.location, "")
    if refused:
        return refused
    lines = _wanted(command, ask, book)
    if isinstance(lines, Rejected):
        return lines
    room = room_at(book, ask.tenant_id, command.location, (line.item.sku for line in lines))
    by_rule = Putaway(_candidates(command, ask, book), room)
    carrying = Carrying(ask.tenant_id, book)
    placed: list[Placed] = []
    for line in lines:
        done = _placed(line, by_rule, room, book)
        if isinstance(done, Rejected):
            return done
        for code, quantity in done.parts:
            start, document = command.from_bin or LOOSE, f"put-{ask.new_id}"
            carrying.carry(BinMove(*line.key[1:], start, code, quantity, document))
        placed.append(done)
    return _posted(command, lines, placed, carrying, ask)


def _candidates(command: PostPutaway, ask: Ask, book: Book) -> list[Bin]:
    """The bins of the zone, but for the one that the stock lies in."""
    here = (ask.tenant_id, command.location)
    return [
        each
        for key, each in book.bins.items()
        if key[:2] == here and each.bin != command.from_bin and command.zone in (None, each.zone)
    ]


def _placed(line: Line, by_rule: Putaway, room: Room, book: Book) -> Placed | Rejected:
    """Where a line goes."""
    if line.into is None:
        return by_rule.put_away(Wish(line.item, line.quantity, line.step))
    into = (line.key.tenant_id, line.key.location, line.into)
    at = f"/lines/{line.number - 1}/bin"
    refused = no_room(book, room, into, line.item, line.quantity, at)
    if refused:
        return refused
    room.add(line.into, line.item.sku, line.quantity)
    return Placed(((line.into, line.quantity),) if line.quantity else (), ZERO)


class Source:
    """Where the stock lies that is put away, and what of it no line has asked for yet."""

    def __init__(self, command: PostPutaway, ask: Ask, book: Book) -> None:
        self._carrying = Carrying(ask.tenant_id, book)
        self._code = command.from_bin or LOOSE
        self._left: dict[LevelKey, Decimal] = {}

    def left(self, key: LevelKey) -> Decimal:
        """How much of a level is left there."""
        if key not in self._left:
            self._left[key] = max(self._carrying.free(key, self._code), ZERO)
        return self._left[key]

    def ask_for(self, key: LevelKey, quantity: Decimal, at: str) -> Rejected | None:
        """Note what a line asks for, or refuse it where less is left."""
        if quantity > self.left(key):
            return too_little(key, self._code, (quantity, self.left(key)), at)
        self._left[key] -= quantity
        return None


def _wanted(command: PostPutaway, ask: Ask, book: Book) -> list[Line] | Rejected:
    """The lines of the command, or those of the receipt that it names, each with what lies there."""
    source = Source(command, ask, book)
    if command.receipt_id is not None:
        receipt = book.receipts.get((ask.tenant_id, command.receipt_id))
        if receipt is None:
            said = f"/receipt_id: there is no receipt {command.receipt_id}"
            return Rejected(404, problem(UNKNOWN_RECEIPT, said, pointer="/receipt_id"))
        return list(_of_receipt(receipt, command.location, source, book))
    lines: list[Line] = []
    for number, line in enumerate(command.lines or (), 1):
        wanted = _line(number, line, command.location, source, (ask, book))
        if isinstance(wanted, Rejected):
            return wanted
        lines.append(wanted)
    return lines


def _of_receipt(receipt: Receipt, location: str, source: Source, book: Book) -> Iterator[Line]:
    """What of a receipt may still lie where it came in: never more than lies there at all.

    Units with serials are kept in no bins, so their lines are left out.
    """
    for line in receipt.lines:
        item = book.items[receipt.tenant_id, line.sku]
        if line.location != location or item.track_by == "serial":
            continue
        key = LevelKey(receipt.tenant_id, line.sku, location, line.lot)
        quantity = min(line.quantity, source.left(key))
        source.ask_for(key, quantity, "")
        yield Line(line.line, key, item, quantity, step_of(item))


def _line(
    number: int, line: PutLine, location: str, source: Source, over: tuple[Ask, Book]
) -> Line | Rejected:
    """A line with its quantity in base units, all that is left where it says none."""
    (ask, book), at = over, f"/lines/{number - 1}"
    refused = unknown_place(book, ask.tenant_id, line.sku, location, at)
    if refused:
        return refused
    item = book.items[ask.tenant_id, line.sku]
    refused = lot_rule(book, ask.tenant_id, line.sku, line.lot, at) or no_units(item, f"{at}/sku")
    if refused:
        return refused
    key = LevelKey(ask.tenant_id, line.sku, location, line.lot or NO_LOT)
    # All of it in units that the item has not is refused as any quantity in them is.
    based = in_base(item, line.quantity or Decimal(1), line.unit, at)
    if isinstance(based, Rejected):
        return based
    quantity = based if line.quantity is not None else source.left(key)
    refused = source.ask_for(key, quantity, f"{at}/quantity")
    if refused:
        return refused
    step = factor_of(item, line.unit) if line.unit not in (None, item.uom) else None
    return Line(number, key, item, quantity, step_of(item, step), line.bin)


def _posted(
    command: PostPutaway, lines: list[Line], placed: list[Placed], carrying: Carrying, ask: Ask
) -> Applied:
    document = f"put-{ask.new_id}"
    body = {
        "putaway_id": document,
        "location": command.location,
        "receipt_id": command.receipt_id,
        "from_bin": command.from_bin,
        "zone": command.zone,
        "lines": [
            {
                "line": line.number,
                "sku": line.item.sku,
                "lot": line.key.lot or None,
                "quantity": shown(line.quantity),
                "placed": [
                    {"bin": code, "quantity": shown(quantity)} for code, quantity in done.parts
                ],
                "unassigned": shown(done.unassigned),
            }
            for line, done in zip(lines, placed, strict=True)
        ],
    }
    return Applied(
        201,
        ("putaway", document),
        body,
        (Event("putaway.posted", f"putaway/{document}", 1),),
        bin_moves=tuple(carrying.moves),
    )
