"""What reservation commands mean: stock is promised, given back, shipped, or its time runs out."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from consumers.decisions.granting import grant, short_line
from consumers.decisions.known import unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import (
    CUSTOMER,
    ZERO,
    Applied,
    Book,
    Commitment,
    Event,
    LevelKey,
    Movement,
    Outcome,
    Rejected,
    Reservation,
    ReservationLine,
)
from schemas.base import shown
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ExpireReservation,
    PartOfLine,
    ReleaseReservation,
)
from schemas.problems import (
    INSUFFICIENT_STOCK,
    RESERVATION_CLOSED,
    RESERVATION_HOLDS_LESS,
    UNKNOWN_RESERVATION,
    problem,
)
from schemas.times import stamp

OnReservation = ReleaseReservation | ConsumeReservation | ExpireReservation
Shares = list[tuple[int, Decimal]]
"""Parts of a reservation: the index into its lines, and how much of that line."""


def _places(command: CreateReservation, tenant_id: str, needs: Needs) -> None:
    for line in command.lines:
        needs.places.add((tenant_id, line.sku, line.location))


def _reservation(command: OnReservation, tenant_id: str, needs: Needs) -> None:
    needs.reservations.add((tenant_id, command.reservation_id))


@decides(CreateReservation, needs=_places)
def create_reservation(command: CreateReservation, ask: Ask, book: Book) -> Outcome:
    """Promise stock to an order, all of it or none, unless the order takes what there is.

    Lines that name the same stock share it: what one has taken, the next finds gone.
    """
    taken: dict[LevelKey, Decimal] = {}
    lines: list[ReservationLine] = []
    short: list[dict[str, Any]] = []
    for number, wanted in enumerate(command.lines, 1):
        levels = book.lots(ask.tenant_id, wanted.sku, wanted.location)
        if not levels:
            at = f"/lines/{number - 1}"
            unknown = unknown_place(book, ask.tenant_id, wanted.sku, wanted.location, at)
            if unknown:
                return unknown
        missing = grant(number, wanted, levels, taken, lines)
        if missing:
            short.append(short_line(number, wanted, wanted.quantity - missing))
    if short and not (command.allow_partial and any(line.reserved for line in lines)):
        said = "; ".join(
            f"{line['sku']} at {line['location']}: {line['requested']} requested, "
            f"{line['available']} available"
            for line in short[:20]
        )
        return Rejected(409, problem(INSUFFICIENT_STOCK, said, lines=short))
    reservation = Reservation(
        ask.tenant_id,
        f"rsv-{ask.new_id}",
        command.order_id,
        "active",
        command.expires_at,
        tuple(lines),
        (),
        book.at,
        1,
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
    )


@decides(ReleaseReservation, needs=_reservation)
def release_reservation(command: ReleaseReservation, ask: Ask, book: Book) -> Outcome:
    """Give promised stock back."""
    taken = _taken(command, ask, book)
    if isinstance(taken, Rejected):
        return taken
    found, shares = taken
    changed = _reduce(found, shares, "released", "released")
    return _changed(200, "reservation.released", changed, commitments=_given_back(found, shares))


@decides(ExpireReservation, needs=_reservation)
def expire_reservation(command: ExpireReservation, ask: Ask, book: Book) -> Outcome:
    """Give back what is still held past the reservation's time."""
    found = book.reservations.get((ask.tenant_id, command.reservation_id))
    if found is None:
        return _unknown(command)
    if found.status != "active" or not _past(found, book):
        return _closed(found, "is not due to expire")
    shares = [(index, line.left) for index, line in enumerate(found.lines) if line.left]
    changed = _reduce(found, shares, "released", "expired")
    return _changed(200, "reservation.expired", changed, commitments=_given_back(found, shares))


@decides(ConsumeReservation, needs=_reservation)
def consume_reservation(command: ConsumeReservation, ask: Ask, book: Book) -> Outcome:
    """Ship promised stock: it leaves its location for the customer, and the promise with it."""
    taken = _taken(command, ask, book)
    if isinstance(taken, Rejected):
        return taken
    found, shares = taken
    proof = command.shipment_proof
    shipment = {
        "carrier": proof.carrier,
        "tracking": proof.tracking,
        "shipped_at": stamp(proof.shipped_at),
        "lines": [
            {"line": found.lines[index].line, "quantity": shown(quantity)}
            for index, quantity in shares
        ],
    }
    changed = _reduce(found, shares, "consumed", "consumed")
    changed = changed._replace(shipments=(*found.shipments, shipment))
    movements = tuple(
        Movement(
            line.sku,
            line.lot,
            "",
            line.location,
            CUSTOMER,
            quantity,
            None,
            f"shipment {proof.carrier} {proof.tracking}",
            found.reservation_id,
        )
        for line, quantity in ((found.lines[index], quantity) for index, quantity in shares)
    )
    return _changed(
        200,
        "reservation.consumed",
        changed,
        commitments=_given_back(found, shares),
        movements=movements,
    )


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
    shares = _shares(found, command.lines)
    return shares if isinstance(shares, Rejected) else (found, shares)


def _past(found: Reservation, book: Book) -> bool:
    return found.expires_at is not None and found.expires_at <= book.now


def _unknown(command: OnReservation) -> Rejected:
    said = f"/reservation_id: there is no reservation {command.reservation_id}"
    return Rejected(404, problem(UNKNOWN_RESERVATION, said, pointer="/reservation_id"))


def _closed(found: Reservation, said: str) -> Rejected:
    said = f"reservation {found.reservation_id} {said}"
    return Rejected(409, problem(RESERVATION_CLOSED, said, reservation_status=found.status))


def _shares(found: Reservation, parts: Sequence[PartOfLine] | None) -> Shares | Rejected:
    """What a command takes from each line: all that is left, or the parts that it names.

    A line that was granted from several lots gives from them in their order.
    """
    if parts is None:
        return [(index, line.left) for index, line in enumerate(found.lines) if line.left]
    left = [line.left for line in found.lines]
    shares: dict[int, Decimal] = {}
    for at, part in enumerate(parts):
        wanted = part.quantity
        for index, line in enumerate(found.lines):
            if line.line == part.line and wanted and left[index]:
                take = min(left[index], wanted)
                left[index] -= take
                wanted -= take
                shares[index] = shares.get(index, ZERO) + take
        if wanted:
            held = shown(part.quantity - wanted)
            said = f"/lines/{at}: line {part.line} holds {held} of the {shown(part.quantity)} named"
            return Rejected(409, problem(RESERVATION_HOLDS_LESS, said, pointer=f"/lines/{at}"))
    return sorted(shares.items())


def _reduce(found: Reservation, shares: Shares, column: str, ended: str) -> Reservation:
    """The reservation with its shares taken out; ended once nothing is left.

    One that shipped anything ends as consumed, however its rest went.
    """
    lines = list(found.lines)
    for index, quantity in shares:
        line = lines[index]
        lines[index] = line._replace(**{column: getattr(line, column) + quantity})
    status = "active"
    if not any(line.left for line in lines):
        status = "consumed" if any(line.consumed for line in lines) else ended
    return found._replace(lines=tuple(lines), status=status, version=found.version + 1)


def _given_back(found: Reservation, shares: Shares) -> tuple[Commitment, ...]:
    return tuple(
        Commitment(line.sku, line.location, line.lot, -quantity)
        for line, quantity in ((found.lines[index], quantity) for index, quantity in shares)
    )


def _changed(
    code: int,
    event: str,
    reservation: Reservation,
    *,
    commitments: tuple[Commitment, ...],
    movements: tuple[Movement, ...] = (),
) -> Applied:
    """The outcome that leaves a reservation as given."""
    named = reservation.reservation_id
    return Applied(
        code,
        ("reservation", named),
        reservation_body(reservation),
        (Event(event, f"reservation/{named}", reservation.version),),
        (reservation,),
        movements,
        commitments,
    )


def reservation_body(reservation: Reservation) -> dict[str, Any]:
    """A reservation as results and events show it."""
    expires_at = reservation.expires_at
    return {
        "reservation_id": reservation.reservation_id,
        "order_id": reservation.order_id,
        "status": reservation.status,
        "lines": [line_body(line) for line in reservation.lines],
        "expires_at": None if expires_at is None else stamp(expires_at),
        "shipments": list(reservation.shipments),
        "created_at": reservation.created_at,
        "version": reservation.version,
    }


def line_body(line: ReservationLine) -> dict[str, Any]:
    """A reservation's line as results and events show it, and as the ledger stores it."""
    number, sku, location, lot, channel, quantity, reserved, released, consumed = line
    return {
        "line": number,
        "sku": sku,
        "location": location,
        "lot": lot or None,
        "channel": channel,
        "quantity": shown(quantity),
        "reserved": shown(reserved),
        "released": shown(released),
        "consumed": shown(consumed),
    }
