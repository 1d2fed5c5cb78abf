"""What may be put into bins: the refusals that all share who do."""

from collections.abc import Iterable
from decimal import Decimal

from consumers.decisions.carrying import Carrying
from consumers.decisions.picking import Named
from consumers.decisions.registry import Ask
from ledger.bin_stock import LOOSE, Bin, BinMove
from ledger.book import Book
from ledger.documents import Item
from ledger.outcome import Rejected
from ledger.putaway import Room
from schemas.base import ZERO, shown
from schemas.problems import BIN_FULL, BIN_RULE, SERIAL_RULE, UNKNOWN_BIN, problem


def room_at(book: Book, tenant_id: str, location: str, skus: Iterable[str]) -> Room:
    """What lies in the bins of a location, as far as it was loaded; of which of the items how much."""
    here = (tenant_id, location)
    filled = {key[2]: much for key, much in book.shelves.filled.items() if key[:2] == here}
    room = Room(filled, {})
    for sku in set(skus):
        for level in book.levels(tenant_id, sku, location).values():
            for each in book.shelves.levels.get(level.key, {}).values():
                key = (each.bin, sku)
                room.of_item[key] = room.of_item.get(key, ZERO) + each.on_hand
    return room


def no_units(item: Item, at: str) -> Rejected | None:
    """Refuse an item whose units have serials: in which bin each of them lies is not kept."""
    if item.track_by != "serial":
        return None
    said = f"{at}: {item.sku} is tracked by serial, and its units are kept in no bins"
    return Rejected(422, problem(SERIAL_RULE, said, sku=item.sku, pointer=at))


def no_room(
    book: Book, room: Room, into: tuple[str, str, str], item: Item, quantity: Decimal, at: str
) -> Rejected | None:
    """Refuse a bin that does not exist, does not take the item, or has not so much room for it."""
    code, found = into[2], book.bins.get(into)
    members = {"bin": code, "location": into[1], "pointer": at}
    if found is None:
        said = f"{at}: there is no bin {code} at {into[1]}"
        return Rejected(422, problem(UNKNOWN_BIN, said, **members))
    offer = room.offer(found, item)
    if offer is None:
        said = f"{at}: bin {code} {_why_not(found)} {item.sku}"
        return Rejected(409, problem(BIN_RULE, said, sku=item.sku, **members))
    if quantity > offer.room:
        said = f"{at}: {shown(quantity)} of {item.sku} into bin {code}, which has room for {shown(offer.room)}"
        told = {"sku": item.sku, "requested": shown(quantity), "room": shown(offer.room)}
        return Rejected(409, problem(BIN_FULL, said, **told, **members))
    return None


def _why_not(found: Bin) -> str:
    return "is blocked: nothing is put into it, not even" if found.blocked else "does not take"


def puts(
    named: Iterable[Named], document: str, ask: Ask, book: Book
) -> tuple[BinMove, ...] | Rejected:
    """Put what comes in into the bins that lines name; the rest is loose."""
    into = [each for each in named if each.bin is not None]
    rooms = {
        site: room_at(book, ask.tenant_id, site, (each.key.sku for each in into))
        for site in {each.key.location for each in into}
    }
    moves: list[BinMove] = []
    for code, key, quantity, at in into:
        if code is None:
            continue
        room, item = rooms[key.location], book.items[key[:2]]
        site = (ask.tenant_id, key.location, code)
        refused = no_units(item, at) or no_room(book, room, site, item, quantity, at)
        if refused:
            return refused
        room.add(code, key.sku, quantity)
        moves.append(BinMove(*key[1:], LOOSE, code, quantity, document))
    return tuple(moves)


def carry(carrying: Carrying, room: Room, move: BinMove) -> None:
    """Carry a quantity, and count it as in the one bin and no more in the other."""
    carrying.carry(move)
    for code, more in ((move.from_bin, -move.quantity), (move.to_bin, move.quantity)):
        if code != LOOSE:
            room.add(code, move.sku, more)
