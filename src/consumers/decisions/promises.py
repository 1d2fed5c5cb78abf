"""What the lines of a reservation come to: as they were granted, given back, or shipped."""

from consumers.decisions.fefo import WITHOUT_LOTS, unusable
from consumers.decisions.granting import Granted, Taken, Wanted, insufficient, short_line
from consumers.decisions.registry import Ask
from consumers.decisions.serials import Naming, Picked, refused, serial_rule
from consumers.decisions.shares import Shares, shared
from ledger.book import Book
from ledger.documents import Reservation
from ledger.level import NO_LOT
from ledger.outcome import CUSTOMER, Movement, Rejected
from ledger.serial_unit import Serial, SerialKey
from schemas.base import ZERO
from schemas.commands.reservations import WantedLine
from schemas.problems import LOT_UNUSABLE, problem


def units_for(
    number: int, wanted: WantedLine, ask: Ask, book: Book, changed: dict[SerialKey, Serial]
) -> tuple[str, ...] | Rejected | None:
    """The units that a line of a reservation names, promised to it; null where it has no serials.

    What becomes of them is noted in `changed`. Units are where they are: such a line is not split.
    """
    level = book.levels(ask.tenant_id, wanted.sku, wanted.location).get(NO_LOT)
    by_serial = level.by_serial if level else book.by_serial(ask.tenant_id, wanted.sku)
    serials = wanted.serials
    if serials is None and not by_serial:
        return None
    at = f"/lines/{number - 1}"
    wrong = serial_rule(wanted.sku, wanted.quantity, serials, at, by_serial=by_serial, named=False)
    if not wrong and (wanted.split or wanted.other_locations):
        said = f"{wanted.sku} is tracked by serial: a line is of one location"
        wrong = refused(said, at, sku=wanted.sku)
    if wrong or serials is None:
        return wrong or ()
    naming = Naming(ask, book, f"rsv-{ask.new_id}", changed)
    return naming.promise(wanted.sku, serials, wanted.location, at) or serials


def given_back(found: Reservation, units: Picked, ask: Ask, book: Book) -> tuple[Serial, ...]:
    """Units that were promised by name, free again."""
    if not units:
        return ()
    naming = Naming(ask, book, found.reservation_id)
    for index, serials in units.items():
        naming.free(found.lines[index].sku, serials)
    return tuple(naming.changed.values())


def shipped(
    found: Reservation, units: Picked, ask: Ask, book: Book
) -> tuple[Serial, ...] | Rejected:
    """Units on their way to the customer: those promised by name, or such as nobody was promised."""
    if not units:
        return ()
    naming = Naming(ask, book, found.reservation_id)
    for index, serials in units.items():
        line = found.lines[index]
        owner = found.reservation_id if line.serials else None
        ends, at = (line.location, CUSTOMER), f"/lines/{line.line - 1}"
        refused = naming.take_out(line.sku, serials, ends, at, promised_to=owner)
        if refused:
            return refused
    return tuple(naming.changed.values())


def movements(
    found: Reservation, shares: Shares, units: Picked, reason: str
) -> tuple[Movement, ...]:
    """What leaves for the customer."""
    return tuple(
        Movement(
            line.sku,
            line.lot,
            units.get(index, ()),
            line.location,
            CUSTOMER,
            quantity,
            None,
            reason,
            found.reservation_id,
        )
        for index, quantity in shares
        for line in (found.lines[index],)
    )


def unshippable(found: Reservation, shares: Shares, ask: Ask, book: Book) -> Rejected | None:
    """Refuse to ship what may not be used any more, or is not there yet."""
    return _unusable(found, shares, ask, book) or _not_there(found, shares, ask, book)


def _unusable(found: Reservation, shares: Shares, ask: Ask, book: Book) -> Rejected | None:
    """Refuse to ship of a lot that was recalled, quarantined or has expired since it was promised."""
    for line, _ in shared(found.lines, shares):
        lot = book.lots.get((ask.tenant_id, line.sku, line.lot)) if line.lot else None
        because = lot and unusable(lot, book.today(ask.tenant_id, line.location))
        if because:
            said = f"lot {line.lot} of {line.sku} at {line.location} is in use no more: {because}"
            members = {"sku": line.sku, "lot": line.lot, "because": because, "line": line.line}
            return Rejected(409, problem(LOT_UNUSABLE, said, **members))
    return None


def _not_there(found: Reservation, shares: Shares, ask: Ask, book: Book) -> Rejected | None:
    """Refuse to ship what is on backorder still; what is held is not there for anybody."""
    shipped: Taken = {}
    for line, quantity in shared(found.lines, shares):
        level = book.level(ask.tenant_id, line.sku, line.location, line.lot)
        if not level.backorder_limit:
            continue
        there = max(level.on_hand - level.held - shipped.get(level.key, ZERO), ZERO)
        if quantity > there:
            wish = Wanted(line.sku, line.location, quantity, line.lot or None)
            short = Granted([], quantity - there, WITHOUT_LOTS)
            return insufficient([short_line(line.line, wish, short)])
        shipped[level.key] = shipped.get(level.key, ZERO) + quantity
    return None
