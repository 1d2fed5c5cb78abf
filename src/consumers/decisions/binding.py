"""Late binding: whoever was promised any lot gives way to who needs the very lot that he got.

The rule is Business Central's: a promise of one particular lot outranks those of any lot, which are
bound to others as long as there are any that may be used.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from consumers.decisions.bodies import reservation_body
from consumers.decisions.fefo import Wish, choose
from consumers.decisions.granting import Granted, Taken, Wanted
from ledger.book import Book
from ledger.documents import GIVE_WAY_MAX, Reservation, ReservationLine
from ledger.level import NO_LOT, Level, LevelKey
from ledger.outcome import Applied, Commitment, Event
from schemas.base import ZERO, shown
from schemas.commands.lines import PartOfLine
from schemas.commands.reservations import WantedLine


@dataclass(slots=True)
class Rebound:
    """The promises that a command has bound to other lots, as they are then."""

    reservations: dict[tuple[str, str], Reservation] = field(default_factory=dict)
    commitments: list[Commitment] = field(default_factory=list)


def any_lot(wanted: WantedLine, granted: Granted, shelf_life_days: int | None) -> dict[str, Any]:
    """What a choice says beside, if its line would have taken any lots: which ones it has for now."""
    particular = wanted.lot or wanted.whole_packs or wanted.split or wanted.other_locations
    if particular or shelf_life_days or not granted.parts:
        return {}
    lots = [lot for lot, _ in granted.parts]
    return {"sku": wanted.sku, "location": wanted.location, "any_lot": lots}


def free_lot(
    wish: Wish, granted: Granted, tenant_id: str, taken: Taken, book: Book, rebound: Rebound
) -> Granted:
    """Get what is missing of a lot from promises of any lot; `taken` notes where they are bound to."""
    if wish.lot is None or wish.lot not in granted.choice.order:
        return granted
    key = LevelKey(tenant_id, wish.sku, wish.location, wish.lot)
    levels = book.levels(tenant_id, wish.sku, wish.location)
    left = granted.missing
    for found in _youngest(key, book, rebound):
        if not left:
            break
        left -= _give_way(found, key, left, levels, taken, book, rebound)
    got = granted.missing - left
    if not got:
        return granted
    before = sum((quantity for _, quantity in granted.parts), ZERO)
    return granted._replace(parts=[(wish.lot, before + got)], missing=left)


def give_way(outcome: Applied, rebound: Rebound) -> Applied:
    """The outcome of a command that has bound others' promises to other lots."""
    changed = tuple(rebound.reservations.values())
    told = (
        Event(
            "reservation.rebound",
            f"reservation/{each.reservation_id}",
            each.version,
            reservation_body(each),
        )
        for each in changed
    )
    return replace(
        outcome,
        events=(*outcome.events, *told),
        documents=(*outcome.documents, *changed),
        commitments=(*rebound.commitments, *outcome.commitments),
    )


def _youngest(key: LevelKey, book: Book, rebound: Rebound) -> list[Reservation]:
    """The promises that may be bound to a level, also by this very command, the youngest first."""
    names = book.bound_to.get(key, {}).keys() | rebound.reservations.keys()
    known = [rebound.reservations.get(named) or book.reservations[named] for named in names]
    known.sort(key=lambda each: (each.created_at, each.reservation_id), reverse=True)
    return known[:GIVE_WAY_MAX]


def _give_way(
    found: Reservation,
    key: LevelKey,
    wanted: Decimal,
    levels: Mapping[str, Level],
    taken: Taken,
    book: Book,
    rebound: Rebound,
) -> Decimal:
    """Bind a promise to other lots that may be used; how much of its lot that sets free."""
    past = found.expires_at is not None and found.expires_at <= book.now
    if found.status != "active" or past:
        return ZERO
    freed = ZERO
    for choice in found.choices:
        bound = _bound(found, choice, key)
        if bound is None:
            continue
        for lot, quantity in _others(bound, key, wanted - freed, levels, taken, book):
            other = levels[lot].key
            taken[other] = taken.get(other, ZERO) + quantity
            found = _moved(found, bound.line, key, lot, quantity)
            rebound.commitments += [
                Commitment(key.sku, key.location, key.lot, -quantity),
                Commitment(key.sku, key.location, lot, quantity),
            ]
            freed += quantity
    if freed:
        version = (
            book.reservations[found.key].version + 1
        )  # one, however many lines it gives way to
        rebound.reservations[found.key] = found._replace(version=version)
    return freed


def _bound(found: Reservation, choice: dict[str, Any], key: LevelKey) -> ReservationLine | None:
    """The line that a choice of any lot is about, as it stands for the level; if anything is left."""
    if key.lot not in choice.get("any_lot", ()):
        return None
    place = (choice["line"], key.sku, key.location, key.lot)
    return next((line for line in found.lines if line[:4] == place and line.left), None)


def _others(
    line: ReservationLine,
    key: LevelKey,
    wanted: Decimal,
    levels: Mapping[str, Level],
    taken: Taken,
    book: Book,
) -> list[tuple[str, Decimal]]:
    """The other lots that will do for what is left of a line, those that go first, first."""
    left = min(line.left, wanted)
    parts: list[tuple[str, Decimal]] = []
    wish = Wanted(key.sku, key.location, left, None)
    for lot in choose(wish, key.tenant_id, levels, taken, book).order:
        level = levels.get(lot)
        if lot in (NO_LOT, key.lot) or level is None:
            continue
        take = min(level.available - taken.get(level.key, ZERO), left)
        if take > ZERO:
            parts.append((lot, take))
            left -= take
    return parts


def _moved(
    found: Reservation, number: int, key: LevelKey, lot: str, quantity: Decimal
) -> Reservation:
    """The reservation with so much of a line promised of another lot; it says so in its choice."""
    note = {"from_lot": key.lot, "to_lot": lot, "quantity": shown(quantity)}
    choices = tuple(
        {
            **choice,
            "any_lot": list(dict.fromkeys([*choice["any_lot"], lot])),
            "rebound": [*choice.get("rebound", ()), note],
        }
        if choice["line"] == number and "any_lot" in choice
        else choice
        for choice in found.choices
    )
    return found._replace(lines=_lines(found, number, key, lot, quantity), choices=choices)


def _lines(
    found: Reservation, number: int, key: LevelKey, lot: str, quantity: Decimal
) -> tuple[ReservationLine, ...]:
    """The lines then: one that promises nothing any more, and never gave anything, is gone."""
    source = (number, key.sku, key.location, key.lot)
    lines = list(found.lines)
    at = next(index for index, line in enumerate(lines) if line[:4] == source)
    old = lines[at]
    into = (*source[:3], lot)
    other = next((index for index, line in enumerate(lines) if line[:4] == into), None)
    if other is not None:
        lines[other] = lines[other]._replace(reserved=lines[other].reserved + quantity)
    else:
        behind = max(index for index, line in enumerate(lines) if line.line == number) + 1
        new = old._replace(lot=lot, reserved=quantity, released=ZERO, consumed=ZERO)
        lines.insert(behind, new)
    rest = old._replace(reserved=old.reserved - quantity)
    lines[at : at + 1] = [rest] if rest.reserved else []
    return tuple(lines)


def bound_to_picked(found: Reservation, parts: Sequence[PartOfLine], book: Book) -> Reservation:
    """The reservation as it must be for lots that were picked: what was promised of any lot is of those.

    As far as they are free and may be used; what is missing then, the reservation does not hold.
    """
    claimed: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for part in parts:
        if part.lot is not None:
            claimed[part.line, part.lot] += part.quantity
    taken: Taken = {}
    for (number, lot), quantity in claimed.items():
        has = sum((e.left for e in found.lines if (e.line, e.lot) == (number, lot)), ZERO)
        others = [each for each in found.lines if each.line == number and each.lot != lot]
        found = _drawn(found, others, lot, quantity - has, taken, book)
    return found


def _drawn(
    found: Reservation,
    others: Sequence[ReservationLine],
    lot: str,
    missing: Decimal,
    taken: Taken,
    book: Book,
) -> Reservation:
    """The reservation with what is missing of a lot drawn from what it has of others, the last first."""
    for line in reversed(others):
        any_lots = (each for each in found.choices if each["line"] == line.line)
        if missing <= ZERO or not any(each.get("any_lot") for each in any_lots):
            break
        key = LevelKey(found.tenant_id, line.sku, line.location, line.lot)
        levels = book.levels(*key[:3])
        wish = Wanted(line.sku, line.location, missing, lot)
        for usable in choose(wish, found.tenant_id, levels, taken, book).order:
            other = levels[usable]
            quantity = min(missing, line.left, other.available - taken.get(other.key, ZERO))
            if quantity > ZERO:
                taken[other.key] = taken.get(other.key, ZERO) + quantity
                missing -= quantity
                found = _moved(found, line.line, key, lot, quantity)
    return found


def rebinding(found: Reservation, book: Book) -> tuple[Commitment, ...]:
    """What is promised of which lots instead of others, since the book has known the reservation."""
    known = book.reservations[found.key]
    if known.lines == found.lines:
        return ()
    changed: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for lines, sign in ((known.lines, -1), (found.lines, 1)):
        for line in lines:
            changed[line.sku, line.location, line.lot] += sign * line.reserved
    return tuple(Commitment(*level, quantity) for level, quantity in changed.items() if quantity)
