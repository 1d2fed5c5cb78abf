"""What reservation commands mean: stock is promised, given back, shipped, or its time runs out."""

from consumers.decisions.binding import Rebound, bound_to_picked, give_way, rebinding
from consumers.decisions.bodies import reservation_body, serials_body
from consumers.decisions.kit_lines import kits_after, opened
from consumers.decisions.picking import of_reservation
from consumers.decisions.promises import given_back, movements, shipped, unshippable
from consumers.decisions.promising import promised
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.serials import (
    Picked,
    all_units,
    units_of,
    without,
)
from consumers.decisions.shares import Shares, all_left, reduced, shared, shares_of
from consumers.decisions.units import needs_item
from ledger.book import Book
from ledger.documents import Reservation
from ledger.outcome import Applied, Commitment, Event, Movement, Outcome, Rejected
from ledger.serial_unit import Serial
from schemas.base import shown
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ExpireReservation,
    ReleaseReservation,
)
from schemas.problems import (
    RESERVATION_CLOSED,
    RESERVATION_HOLDS_LESS,
    UNKNOWN_RESERVATION,
    problem,
)
from schemas.times import stamp

OnReservation = ReleaseReservation | ConsumeReservation | ExpireReservation


def _places(command: CreateReservation, tenant_id: str, needs: Needs) -> None:
    for line in command.lines:
        needs.stocked.add((tenant_id, line.sku, line.location))
        if line.split:
            needs.wherever.add((tenant_id, line.sku))
        for other in line.other_locations or ():
            needs.stocked.add((tenant_id, line.sku, other))
        if line.lot is not None:
            for location in (line.location, *(line.other_locations or ())):
                needs.lots_wanted.add((tenant_id, line.sku, location, line.lot))
                needs.level(tenant_id, line.sku, location, line.lot)
        if line.channel is not None:
            needs.policies.add((tenant_id, line.sku, line.location))
        if line.by_component:
            needs.kits.add((tenant_id, line.sku, line.location))
        if line.serials is not None:
            needs.items.add((tenant_id, line.sku))
            needs.name(tenant_id, line.sku, line.serials)
    needs_item(command.lines, tenant_id, needs)


def _reservation(command: OnReservation, tenant_id: str, needs: Needs) -> None:
    needs.reservations.add((tenant_id, command.reservation_id))


def _shipped(command: ConsumeReservation, tenant_id: str, needs: Needs) -> None:
    """The units that it names, too; of which items they are only the reservation says."""
    needs.reservations.add((tenant_id, command.reservation_id))
    for part in command.lines or ():
        if part.lot is not None:
            needs.lots_picked.add((tenant_id, command.reservation_id, part.line, part.lot))
        if part.serials:
            needs.units.update((tenant_id, serial) for serial in part.serials)


@decides(CreateReservation, needs=_places)
def create_reservation(command: CreateReservation, ask: Ask, book: Book) -> Outcome:
    """Promise stock to an order, all of it or none, unless the order takes what there is."""
    found = promised(command, ask, book)
    if isinstance(found, Rejected):
        return found
    lines, choices, conversions, kits, serials, rebound = found
    reservation = Reservation(
        ask.tenant_id,
        f"rsv-{ask.new_id}",
        command.order_id,
        "active",
        command.expires_at,
        lines,
        (),
        book.at,
        1,
        choices,
        conversions,
        kits,
    )
    return _changed(
        201,
        "reservation.created",
        reservation,
        commitments=tuple(
            [
                Commitment(line.sku, line.location, line.lot, line.reserved)
                for line in lines
                if line.reserved
            ]
        ),
        serials=serials,
        rebound=rebound,
    )


@decides(ReleaseReservation, needs=_reservation)
def release_reservation(command: ReleaseReservation, ask: Ask, book: Book) -> Outcome:
    """Give promised stock back."""
    taken = _taken(command, ask, book)
    if isinstance(taken, Rejected):
        return taken
    found, shares = taken
    units = units_of(found.lines, shares, command.lines, must_name=False)
    if isinstance(units, Rejected):
        return units
    changed = _reduced(found, shares, units, "released", "released")
    freed = given_back(found, units, ask, book)
    back = _given_back(found, shares)
    return _changed(200, "reservation.released", changed, commitments=back, serials=freed)


@decides(ExpireReservation, needs=_reservation)
def expire_reservation(command: ExpireReservation, ask: Ask, book: Book) -> Outcome:
    """Give back what is still held past the reservation's time."""
    found = book.reservations.get((ask.tenant_id, command.reservation_id))
    if found is None:
        return _unknown(command)
    if found.status != "active" or not _past(found, book):
        return _closed(found, "is not due to expire")
    shares = all_left(found.lines)
    units = all_units(found.lines)
    changed = _reduced(found, shares, units, "released", "expired")
    freed = given_back(found, units, ask, book)
    back = _given_back(found, shares)
    return _changed(200, "reservation.expired", changed, commitments=back, serials=freed)


@decides(ConsumeReservation, needs=_shipped)
def consume_reservation(command: ConsumeReservation, ask: Ask, book: Book) -> Outcome:
    """Ship promised stock: it leaves its location for the customer, and the promise with it."""
    taken = _taken(command, ask, book)
    if isinstance(taken, Rejected):
        return taken
    found, shares = taken
    refused = unshippable(found, shares, ask, book)
    if refused:
        return refused
    units = units_of(found.lines, shares, command.lines, must_name=True)
    if isinstance(units, Rejected):
        return units
    gone = shipped(found, units, ask, book)
    if isinstance(gone, Rejected):
        return gone
    proof = command.shipment_proof
    shipment = {
        "carrier": proof.carrier,
        "tracking": proof.tracking,
        "shipped_at": stamp(proof.shipped_at),
        "lines": [
            {
                "line": found.lines[index].line,
                "quantity": shown(quantity),
                **serials_body(units.get(index)),
            }
            for index, quantity in shares
        ],
    }
    picked = of_reservation(found, shares, command.lines, ask, book)
    if isinstance(picked, Rejected):
        return picked
    changed = _reduced(found, shares, units, "consumed", "consumed")
    changed = changed._replace(shipments=(*found.shipments, shipment))
    consumed = _changed(
        200,
        "reservation.consumed",
        changed,
        commitments=(*rebinding(found, book), *_given_back(found, shares)),
        movements=movements(found, shares, units, f"shipment {proof.carrier} {proof.tracking}"),
        serials=gone,
    )
    consumed.bin_moves = picked
    return consumed


def _taken(
    command: ReleaseReservation | ConsumeReservation, ask: Ask, book: Book
) -> tuple[Reservation, Shares] | Rejected:
    """The reservation, if it still holds what the command takes from it, and the shares taken.

    Its time counts at once, swept or not.
    """
    found = book.reservations.get((ask.tenant_id, command.reservation_id))
    if found is None:
        return _unknown(command)
    if found.status != "active":
        return _closed(found, f"is {found.status}")
    if _past(found, book):
        return _closed(found, "has expired")
    parts = command.lines
    if found.kits and parts:
        kits = opened(found, parts)
        if isinstance(kits, Rejected):
            return kits
        found, parts = kits
    if isinstance(command, ConsumeReservation) and parts:
        found = bound_to_picked(found, parts, book)
    shares = shares_of(found.lines, parts, RESERVATION_HOLDS_LESS)
    return shares if isinstance(shares, Rejected) else (found, shares)


def _reduced(
    found: Reservation, shares: Shares, units: Picked, column: str, ended: str
) -> Reservation:
    """The reservation with its shares taken out; ended once nothing is left.

    One that shipped anything ends as consumed, however its rest went.
    """
    lines = reduced(found.lines, shares, column)
    if units:
        lines = without(lines, units)
    status = "active"
    if not any(line.left for line in lines):
        status = "consumed" if any(line.consumed for line in lines) else ended
    kits = kits_after(found.kits, lines) if found.kits else ()
    return found._replace(lines=lines, status=status, version=found.version + 1, kits=kits)


def _given_back(found: Reservation, shares: Shares) -> tuple[Commitment, ...]:
    """What is not promised any more."""
    return tuple(
        Commitment(line.sku, line.location, line.lot, -quantity)
        for line, quantity in shared(found.lines, shares)
    )


def _past(found: Reservation, book: Book) -> bool:
    return found.expires_at is not None and found.expires_at <= book.now


def _unknown(command: OnReservation) -> Rejected:
    said = f"/reservation_id: there is no reservation {command.reservation_id}"
    return Rejected(404, problem(UNKNOWN_RESERVATION, said, pointer="/reservation_id"))


def _closed(found: Reservation, said: str) -> Rejected:
    said = f"reservation {found.reservation_id} {said}"
    return Rejected(409, problem(RESERVATION_CLOSED, said, reservation_status=found.status))


def _changed(
    code: int,
    event: str,
    reservation: Reservation,
    *,
    commitments: tuple[Commitment, ...],
    movements: tuple[Movement, ...] = (),
    serials: tuple[Serial, ...] = (),
    rebound: Rebound | None = None,
) -> Applied:
    """The outcome that leaves a reservation as given, and others bound to other lots."""
    named = reservation.reservation_id
    outcome = Applied(
        code,
        ("reservation", named),
        reservation_body(reservation),
        (Event(event, f"reservation/{named}", reservation.version),),
        (reservation,),
        movements,
        commitments,
        serials=serials,
    )
    return give_way(outcome, rebound) if rebound and rebound.reservations else outcome
