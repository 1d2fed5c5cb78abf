"""What the lines of a reservation come to: as they were granted, given back, or shipped."""

from consumers.decisions.registry import Ask
from consumers.decisions.serials import Naming, Picked, refused, serial_rule
from consumers.decisions.shares import Shares
from ledger.book import CUSTOMER, NO_LOT, Book, Movement, Rejected
from ledger.documents import Reservation
from ledger.serial_unit import Serial, SerialKey
from schemas.commands.reservations import WantedLine


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
