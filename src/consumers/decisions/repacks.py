"""What repacking means: stock goes on under another item or lot, and is known to be of the old."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

from consumers.decisions.granting import Wanted, grant, insufficient, short_line
from consumers.decisions.known import (
    lot_rule,
    out_of_bounds,
    unknown_item,
    unknown_place,
    without_serials,
)
from consumers.decisions.labels import DATES, Lots, describe, described, lot_events
from consumers.decisions.linking import link_events, links_between
from consumers.decisions.lots import lot_body
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.documents import Lot
from ledger.level import NO_LOT, LevelKey
from ledger.outcome import PRODUCTION, SCRAP, Applied, Event, Movement, Outcome, Rejected
from schemas.base import shown
from schemas.commands.repacks import RepackedLine, RepackLot
from schemas.problems import LOT_DATES, REPACK_RULE, problem

Pack = tuple[str, str, Decimal]
"""An item, a lot, and how much of it."""
ENDS: Final = ("expires_on", "remove_on")
"""Dates that no new label may put off."""


def _packs(command: RepackLot, tenant_id: str, needs: Needs) -> None:
    needs.locations.add((tenant_id, command.location))
    needs.genealogy = True
    for sku in {command.sku, *(line.sku or command.sku for line in command.to)}:
        needs.items.add((tenant_id, sku))
        needs.places.add((tenant_id, sku, command.location))
    needs.lots.update(
        (tenant_id, line.sku or command.sku, line.lot)
        for line in command.to
        if line.lot is not None
    )


@decides(RepackLot, needs=_packs)
def repack_lot(command: RepackLot, ask: Ask, book: Book) -> Outcome:
    """Take stock out, and in again as something else; all of it or none."""
    refused = unknown_place(
        book, ask.tenant_id, command.sku, command.location, ""
    ) or without_serials(book, ask.tenant_id, command.sku, "/sku")
    if not refused and command.lot is not None:
        refused = lot_rule(book, ask.tenant_id, command.sku, command.lot)
    if refused:
        return refused
    wish = Wanted(command.sku, command.location, command.quantity, command.lot)
    levels = book.levels(ask.tenant_id, command.sku, command.location)
    granted = grant(wish, ask.tenant_id, levels, {}, book)
    if granted.missing:
        return insufficient([short_line(1, wish, granted)])
    out: list[Pack] = [(command.sku, lot, quantity) for lot, quantity in granted.parts]
    lots: Lots = {}
    refused = _unlike(command, out) or _labelled(command, out, ask, book, lots)
    if refused:
        return refused
    into: list[Pack] = [
        (line.sku or command.sku, line.lot or NO_LOT, line.quantity) for line in command.to
    ]
    return _applied(command, out, into, described(lots, book), ask, book)


def _unlike(command: RepackLot, out: list[Pack]) -> Rejected | None:
    """Refuse packs that are what went in, and of one item more or less than went in."""
    same = [line for line in command.to if line.sku in (None, command.sku)]
    gone = {lot for _, lot, _ in out}
    for index, line in enumerate(command.to):
        if line in same and (line.lot or NO_LOT) in gone:
            at = f"/to/{index}/lot"
            said = f"{at}: that is what goes in"
            return Rejected(422, problem(REPACK_RULE, said, pointer=at))
    total = sum((line.quantity for line in same), command.wasted)
    if command.wasted >= command.quantity or (
        len(same) == len(command.to) and total != command.quantity
    ):
        said = f"/to: {shown(total)} come out of {shown(command.quantity)}, waste and all"
        return Rejected(422, problem(REPACK_RULE, said, pointer="/to"))
    return None


def _labelled(
    command: RepackLot, out: list[Pack], ask: Ask, book: Book, lots: Lots
) -> Rejected | None:
    """Note what the labels say. New lots get the dates that they lack from the old; none ends later."""
    coming: defaultdict[LevelKey, Decimal] = defaultdict(Decimal)
    ends = _first_days(command, out, ask, book)
    for index, line in enumerate(command.to):
        at, sku = f"/to/{index}", line.sku or command.sku
        level = book.level(ask.tenant_id, sku, command.location, line.lot or NO_LOT)
        coming[level.key] += line.quantity
        refused = (
            unknown_item(book, ask.tenant_id, sku, at)
            or without_serials(book, ask.tenant_id, sku, f"{at}/sku")
            or lot_rule(book, ask.tenant_id, sku, line.lot, at)
            or out_of_bounds(level.on_hand + coming[level.key], f"{at}/quantity")
        )
        if refused:
            return refused
        known = book.lots.get((ask.tenant_id, sku, line.lot)) if line.lot else None
        label = _label(line, at, known, ends)
        if isinstance(label, Rejected):
            return label
        refused = describe(label, (sku, line.lot), at, ask, book, lots)
        if refused:
            return refused
    return None


def _first_days(command: RepackLot, out: list[Pack], ask: Ask, book: Book) -> dict[str, date]:
    """The earliest of each date of the lots that go in."""
    known = [
        lot for _, code, _ in out if (lot := book.lots.get((ask.tenant_id, command.sku, code)))
    ]
    found: dict[str, date] = {}
    for name in DATES:
        days = [day for lot in known if (day := getattr(lot, name))]
        if days:
            found[name] = min(days)
    return found


def _label(
    line: RepackedLine, at: str, known: Lot | None, ends: dict[str, date]
) -> RepackedLine | Rejected:
    """The label with the dates that it lacks; refused if by it something would last longer."""
    if line.lot is None:
        return line
    dates = {name: getattr(line, name) or getattr(known, name, None) for name in DATES}
    for name in ENDS:
        said, first = dates[name], ends.get(name)
        if said and first and said > first:
            pointer = f"{at}/{name}"
            detail = f"{pointer}: what goes in has {first.isoformat()}"
            members = {"pointer": pointer, "known": first.isoformat()}
            return Rejected(409, problem(LOT_DATES, detail, **members))
    last = dates["expires_on"] or ends.get("expires_on")
    lacking = {
        name: min(day, last) if last else day for name, day in ends.items() if not dates[name]
    }
    return line.model_copy(update=lacking)


def _split(out: list[Pack], wasted: Decimal) -> tuple[list[Pack], list[Pack]]:
    """What goes on of what goes in, and what is wasted of it: of the lots that go last."""
    used: list[Pack] = []
    waste: list[Pack] = []
    for sku, lot, quantity in reversed(out):
        lost = min(quantity, wasted)
        wasted -= lost
        used += [(sku, lot, quantity - lost)] if quantity > lost else []
        waste += [(sku, lot, lost)] if lost else []
    return used[::-1], waste[::-1]


def _applied(  # what it is made of
    command: RepackLot,
    out: list[Pack],
    into: list[Pack],
    lots: tuple[Lot, ...],
    ask: Ask,
    book: Book,
) -> Applied:
    named, here = f"rpk-{ask.new_id}", command.location
    used, waste = _split(out, command.wasted)
    links = links_between(ask, named, [pack[:2] for pack in used], [pack[:2] for pack in into])
    body = {
        "repack_id": named,
        "location": here,
        "packs_from": [_shown(pack) for pack in out],
        "packs_to": [_shown(pack) for pack in into],
        "wasted": shown(command.wasted),
        "reason": command.reason,
        "reference": command.reference,
        "lots": [lot_body(lot) for lot in lots],
        "created_at": book.at,
    }
    return Applied(
        201,
        ("repack", named),
        body,
        (
            Event("lot.repacked", f"repack/{named}", 1),
            *lot_events(lots, book),
            *link_events(ask, named, links),
        ),
        (*lots, *links),
        (
            *_moved(used, (here, PRODUCTION), named),
            *_moved(waste, (here, SCRAP), named),
            *_moved(into, (PRODUCTION, here), named),
        ),
    )


def _moved(packs: list[Pack], ends: tuple[str, str], named: str) -> tuple[Movement, ...]:
    return tuple(
        Movement(sku, lot, (), *ends, quantity, None, "repack", named)
        for sku, lot, quantity in packs
    )


def _shown(pack: Pack) -> dict[str, Any]:
    sku, lot, quantity = pack
    return {"sku": sku, "lot": lot or None, "quantity": shown(quantity)}
