"""What bin commands mean: a bin is described, and stock is carried from bin to bin."""

from collections.abc import Sequence
from typing import Any

from consumers.decisions.carrying import Carrying
from consumers.decisions.filling import carry, no_room, no_units, room_at
from consumers.decisions.known import lot_rule, unknown_item, unknown_location, unknown_place
from consumers.decisions.picking import too_little
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.units import Conversions, in_base_units
from ledger.bin_stock import LOOSE, Bin, BinMove, BinRule
from ledger.book import Book
from ledger.level import NO_LOT, LevelKey
from ledger.outcome import Applied, Event, Outcome, Rejected
from ledger.putaway import Room
from schemas.base import shown
from schemas.commands.bins import BinRule as Said
from schemas.commands.bins import CarriedLine, MoveInBins, UpsertBin


def _bin(command: UpsertBin, tenant_id: str, needs: Needs) -> None:
    needs.locations.add((tenant_id, command.location))
    needs.bins.add((tenant_id, command.location, command.bin))
    needs.items.update((tenant_id, rule.sku) for rule in command.takes or () if rule.sku)


@decides(UpsertBin, needs=_bin)
def upsert_bin(command: UpsertBin, ask: Ask, book: Book) -> Outcome:
    """Describe a bin. What lies in it stays, even where it would not be put there any more."""
    refused = unknown_location(book, ask.tenant_id, command.location, "")
    for index, rule in enumerate(command.takes or ()):
        if rule.sku is not None:
            at = f"/takes/{index}"
            refused = refused or unknown_item(book, ask.tenant_id, rule.sku, at)
    if refused:
        return refused
    old = book.bins.get((ask.tenant_id, command.location, command.bin))
    takes = command.takes and tuple(_rule(rule) for rule in command.takes)
    described = Bin(
        ask.tenant_id,
        command.location,
        command.bin,
        command.zone,
        command.priority,
        command.capacity,
        takes or None,
        bool(command.blocked),
        old.version + 1 if old else 1,
    )
    named = f"{command.location}/{command.bin}"
    return Applied(
        200 if old else 201,
        ("bin", named),
        bin_body(described),
        (Event("bin.upserted", f"bin/{named}", described.version),),
        (described,),
    )


def _rule(said: Said) -> BinRule:
    return BinRule(said.sku, said.attributes or None, said.priority, said.capacity)


def bin_body(described: Bin) -> dict[str, Any]:
    """A bin as results and events show it."""
    takes = described.takes
    return {
        "location": described.location,
        "bin": described.bin,
        "zone": described.zone,
        "priority": described.priority,
        "capacity": None if described.capacity is None else shown(described.capacity),
        "takes": None if takes is None else [rule.told for rule in takes],
        "blocked": described.blocked,
        "version": described.version,
    }


def _lines(command: MoveInBins, tenant_id: str, needs: Needs) -> None:
    needs.locations.add((tenant_id, command.location))
    for line in command.lines:
        needs.items.add((tenant_id, line.sku))
        needs.shelve((tenant_id, line.sku, command.location), line.to_bin)


@decides(MoveInBins, needs=_lines)
def move_in_bins(command: MoveInBins, ask: Ask, book: Book) -> Outcome:
    """Carry stock from bin to bin, line by line: a bin that one line empties has room for the next."""
    said = in_base_units(command.lines, ask.tenant_id, book)
    if isinstance(said, Rejected):
        return said
    lines, conversions = said
    carrying = Carrying(ask.tenant_id, book)
    room = room_at(book, ask.tenant_id, command.location, (line.sku for line in lines))
    for index, line in enumerate(lines):
        refused = _carried(command.location, line, f"/lines/{index}", (carrying, room), ask)
        if refused:
            return refused
    return _moved(command, lines, conversions, carrying, ask)


def _carried(
    location: str, line: CarriedLine, at: str, state: tuple[Carrying, Room], ask: Ask
) -> Rejected | None:
    """Carry one line, or refuse it."""
    carrying, room = state
    book, tenant_id = carrying.book, ask.tenant_id
    refused = unknown_place(book, tenant_id, line.sku, location, at) or lot_rule(
        book, tenant_id, line.sku, line.lot, at
    )
    if refused:
        return refused
    item = book.items[tenant_id, line.sku]
    key = LevelKey(tenant_id, line.sku, location, line.lot or NO_LOT)
    start, end = line.from_bin or LOOSE, line.to_bin or LOOSE
    refused, free = no_units(item, f"{at}/sku"), carrying.free(key, start)
    if refused is None and line.quantity > free:
        refused = too_little(key, start, (line.quantity, free), f"{at}/from_bin")
    if refused is None and end != LOOSE:
        into = (tenant_id, location, end)
        refused = no_room(book, room, into, item, line.quantity, f"{at}/to_bin")
    if refused is None:
        move = BinMove(line.sku, location, key.lot, start, end, line.quantity, f"bin-{ask.new_id}")
        carry(carrying, room, move)
    return refused


def _moved(
    command: MoveInBins,
    lines: Sequence[CarriedLine],
    conversions: Conversions,
    carrying: Carrying,
    ask: Ask,
) -> Applied:
    document = f"bin-{ask.new_id}"
    body = {
        "id": document,
        "location": command.location,
        "reason": command.reason,
        "lines": [
            {
                "line": number,
                "sku": line.sku,
                "lot": line.lot,
                "quantity": shown(line.quantity),
                "from_bin": line.from_bin,
                "to_bin": line.to_bin,
            }
            for number, line in enumerate(lines, 1)
        ],
        **({"conversions": list(conversions)} if conversions else {}),
    }
    return Applied(
        201,
        ("bin-move", document),
        body,
        (Event("bin.moved", f"bin-move/{document}", 1),),
        bin_moves=tuple(carrying.moves),
    )
