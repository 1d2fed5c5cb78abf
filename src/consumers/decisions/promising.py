"""How the lines of a reservation find their stock, each what those before it have left."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from consumers.decisions.binding import Rebound, any_lot, free_lot
from consumers.decisions.fefo import choose
from consumers.decisions.granting import (
    ANY_QUANTITY,
    Granted,
    Promise,
    Taken,
    grant,
    insufficient,
    short_line,
)
from consumers.decisions.kit_lines import Kit, promise_kit
from consumers.decisions.known import inactive, unknown_place
from consumers.decisions.promises import units_for
from consumers.decisions.registry import Ask
from consumers.decisions.units import Conversions, factor_of, in_base_units
from ledger.book import Book
from ledger.documents import ReservationLine
from ledger.level import NO_LOT, Level
from ledger.outcome import Rejected
from ledger.serial_unit import Serial, SerialKey
from schemas.base import ZERO
from schemas.commands.reservations import CreateReservation, WantedLine
from schemas.problems import UNKNOWN_LOCATION, problem


class Promised(NamedTuple):
    """What a reservation gets, how its lots were chosen, and what was said in other units."""

    lines: tuple[ReservationLine, ...]
    choices: tuple[dict[str, Any], ...]
    conversions: Conversions
    kits: tuple[Kit, ...] = ()
    serials: tuple[Serial, ...] = ()
    rebound: Rebound | None = None


def promised(command: CreateReservation, ask: Ask, book: Book) -> Promised | Rejected:
    """What an order is promised: all that it wants or, unless it takes what there is, nothing.

    Lines that name the same stock share it: what one has taken, the next finds gone. Units that
    are named are promised all or none.
    """
    said = in_base_units(command.lines, ask.tenant_id, book)
    if isinstance(said, Rejected):
        return said
    wishes, conversions = said
    taken: Taken = {}
    changed: dict[SerialKey, Serial] = {}
    lines: list[ReservationLine] = []
    short: list[dict[str, Any]] = []
    choices: list[dict[str, Any]] = []
    kits: list[Kit] = []
    rebound = Rebound()
    for number, wanted in enumerate(wishes, 1):
        places = _places(number, wanted, ask, book)
        if isinstance(places, Rejected):
            return places
        if wanted.by_component:
            kit = promise_kit(wishes, number, kits, ask, book, taken)
            if isinstance(kit, Rejected):
                return kit
            kit.put(lines, kits, short)
            continue
        units = units_for(number, wanted, ask, book, changed)
        if isinstance(units, Rejected):
            return units
        plain = len(places) == 1 and not wanted.whole_packs and not book.policies
        find = _plainly if plain else _granted
        granted = find(wanted, places, ask, book, taken, rebound)
        lines += _lines(number, wanted, granted, units)
        missing = granted[-1][1].missing
        if missing:
            short.append(short_line(number, wanted, granted[-1][1]))
        choices += _choices(number, wanted, granted, ask, book, several=len(places) > 1)
    if short and not _is_part(command, short, lines):
        return insufficient(short)
    units_taken = tuple(changed.values())
    return Promised(tuple(lines), tuple(choices), conversions, tuple(kits), units_taken, rebound)


def _choices(
    number: int,
    wanted: WantedLine,
    granted: list[tuple[str, Granted]],
    ask: Ask,
    book: Book,
    *,
    several: bool,
) -> list[dict[str, Any]]:
    """How the lots of a line were chosen at each place; the place is named if there were several."""
    return [
        {
            **each.choice.shown(number),
            **({"location": at} if several else {}),
            **any_lot(wanted, each, _lasting(wanted, ask, book)),
        }
        for at, each in granted
        if each.choice.by_lot
    ]


def _lasting(wanted: WantedLine, ask: Ask, book: Book) -> int | None:
    """For how many days the lots of a line must last, by its own word or by its policy."""
    if wanted.shelf_life_days is not None:
        return wanted.shelf_life_days
    return book.rules(ask.tenant_id, wanted.sku, wanted.location).shelf_life_days


def _places(number: int, wanted: WantedLine, ask: Ask, book: Book) -> Sequence[str] | Rejected:
    """Where a line may find its stock, in order; refused if it names what is not, or sells no more."""
    at = f"/lines/{number - 1}"
    if not book.levels(ask.tenant_id, wanted.sku, wanted.location):
        unknown = unknown_place(book, ask.tenant_id, wanted.sku, wanted.location, at)
        if unknown:
            return unknown
    refused = inactive(book, ask.tenant_id, wanted.sku, number - 1)
    if refused:
        return refused
    if not (wanted.split or wanted.other_locations):
        return (wanted.location,)
    if wanted.split:
        stocked = sorted(
            location
            for tenant_id, sku, location in book.places
            if (tenant_id, sku) == (ask.tenant_id, wanted.sku) and location != wanted.location
        )
        return wanted.location, *stocked
    for index, other in enumerate(wanted.other_locations or ()):
        known = book.levels(ask.tenant_id, wanted.sku, other)
        if not known and (ask.tenant_id, other) not in book.locations:
            pointer = f"{at}/other_locations/{index}"
            said = f"{pointer}: there is no location {other}"
            members = {"location": other, "pointer": pointer}
            return Rejected(422, problem(UNKNOWN_LOCATION, said, **members))
    return wanted.location, *(wanted.other_locations or ())


def _plainly(
    wanted: WantedLine,
    places: Sequence[str],
    ask: Ask,
    book: Book,
    taken: Taken,
    rebound: Rebound,
) -> list[tuple[str, Granted]]:
    """What the only place gives of a line, by no policy: as most lines are."""
    levels = book.levels(ask.tenant_id, wanted.sku, wanted.location)
    granted = grant(wanted, ask.tenant_id, levels, taken, book, promise=ANY_QUANTITY)
    if granted.missing and wanted.lot is not None:
        granted = free_lot(wanted, granted, ask.tenant_id, taken, book, rebound)
    return [(places[0], granted)]


def _granted(
    wanted: WantedLine,
    places: Sequence[str],
    ask: Ask,
    book: Book,
    taken: Taken,
    rebound: Rebound,
) -> list[tuple[str, Granted]]:
    """What each place gives of a line, until it has all; the last says what is missing of it."""
    promise = _promise(wanted, ask, book)
    found: list[tuple[str, Granted]] = []
    left = wanted.quantity
    for location in places:
        wish = wanted
        if len(places) > 1:
            wish = wanted.model_copy(update={"location": location, "quantity": left})
        granted = _here(wish, promise, ask, book, taken, rebound)
        found.append((location, granted))
        left = granted.missing
        if not left:
            break
    if len(places) > 1:  # of the whole line, and not only of what was wanted of the last place
        passed = tuple(each for _, one in found for each in one.choice.passed)
        at, last = found[-1]
        if left:
            found[-1] = at, last._replace(choice=last.choice._replace(passed=passed))
    return found


def _here(
    wish: WantedLine, promise: Promise, ask: Ask, book: Book, taken: Taken, rebound: Rebound
) -> Granted:
    """What one place gives."""
    levels: Mapping[str, Level] = book.levels(ask.tenant_id, wish.sku, wish.location)
    wanted = wish.quantity
    if book.policies:
        rules = book.rules(ask.tenant_id, wish.sku, wish.location)
        if not levels and rules.backorder_limit:
            levels = {NO_LOT: book.level(ask.tenant_id, wish.sku, wish.location, NO_LOT)}
        if wish.shelf_life_days is None and rules.shelf_life_days:
            wish = wish.model_copy(update={"shelf_life_days": rules.shelf_life_days})
        keep = rules.buffer(wish.channel)
        if keep:
            sold = min(wanted, _beyond(keep, wish, levels, ask, book, taken))
            wish = wish.model_copy(update={"quantity": sold})
    granted = grant(wish, ask.tenant_id, levels, taken, book, promise=promise)
    if promise.pack:
        granted = _broken_packs_named(granted, promise, levels, taken)
    elif granted.missing and wish.lot is not None:
        granted = free_lot(wish, granted, ask.tenant_id, taken, book, rebound)
    kept_back = wanted - wish.quantity
    return granted._replace(missing=granted.missing + kept_back) if kept_back else granted


def _promise(wanted: WantedLine, ask: Ask, book: Book) -> Promise:
    if not wanted.whole_packs:
        return ANY_QUANTITY
    return Promise(factor_of(book.items[ask.tenant_id, wanted.sku], wanted.unit) or ZERO)


def _beyond(
    keep: Decimal,
    wish: WantedLine,
    levels: Mapping[str, Level],
    ask: Ask,
    book: Book,
    taken: Taken,
) -> Decimal:
    """What there is for a channel beyond the buffer, over all lots that may be used."""
    any_lot = wish.model_copy(update={"lot": None})
    there = [
        levels[lot]
        for lot in choose(any_lot, ask.tenant_id, levels, taken, book).order
        if lot in levels
    ]
    total = sum((level.available - taken.get(level.key, ZERO) for level in there), ZERO)
    return max(total - keep, ZERO)


def _broken_packs_named(
    granted: Granted, promise: Promise, levels: Mapping[str, Level], taken: Taken
) -> Granted:
    """Say of lots that would have been next that they hold less than a pack."""
    given = {lot for lot, _ in granted.parts}
    broken = [
        lot
        for lot in granted.choice.order
        if granted.choice.by_lot
        and lot not in given
        and ZERO < levels[lot].available - taken.get(levels[lot].key, ZERO) < promise.pack
    ]
    order = tuple(lot for lot in granted.choice.order if lot not in broken)
    passed = (*granted.choice.passed, *((lot, "less-than-a-pack") for lot in broken))
    return granted._replace(choice=granted.choice._replace(order=order, passed=passed))


def _lines(
    number: int,
    wanted: WantedLine,
    granted: list[tuple[str, Granted]],
    units: tuple[str, ...] | None,
) -> list[ReservationLine]:
    """A wanted line as it was granted: once for each place and lot, or once with nothing."""
    parts = [(at, lot, reserved) for at, each in granted for lot, reserved in each.parts]
    return [
        ReservationLine(
            number,
            wanted.sku,
            at,
            lot,
            wanted.channel,
            wanted.quantity,
            reserved,
            ZERO,
            ZERO,
            units,
        )
        for at, lot, reserved in parts or [(wanted.location, wanted.lot or NO_LOT, ZERO)]
    ]


def _is_part(
    command: CreateReservation, short: list[dict[str, Any]], lines: list[ReservationLine]
) -> bool:
    """Whether an order takes what there is. Units that it names it takes all or not at all."""
    named = any(command.lines[each["line"] - 1].serials for each in short)
    return command.allow_partial and not named and any(line.reserved for line in lines)
