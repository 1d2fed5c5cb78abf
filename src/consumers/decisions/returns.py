"""What return commands mean: what was shipped comes back, and is stock, held, or written off."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Final, NamedTuple

from consumers.decisions.bodies import serials_body
from consumers.decisions.holds import hold_body
from consumers.decisions.known import out_of_bounds, unknown_location
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.serials import Naming, serial_rule
from ledger.book import Book
from ledger.documents import Hold, HoldLine, Reservation, ReservationLine
from ledger.making import CameBack, CustomerReturn
from ledger.outcome import (
    CUSTOMER,
    LOSS,
    SCRAP,
    Applied,
    Commitment,
    Event,
    Movement,
    Outcome,
    Rejected,
)
from schemas.base import ZERO, shown
from schemas.commands.returns import ReceiveReturn, ReturnedLine
from schemas.problems import (
    LOT_RULE,
    RETURN_EXCEEDS,
    UNKNOWN_RESERVATION,
    problem,
)

WRITTEN_OFF: Final = {"damaged": SCRAP, "discarded": LOSS}


class Back(NamedTuple):
    """A part of a shipment that came back, and where it goes."""

    line: int
    sku: str
    lot: str
    location: str
    quantity: Decimal
    disposition: str
    serials: tuple[str, ...] | None

    @property
    def to(self) -> str:
        """The account that it goes to."""
        return WRITTEN_OFF.get(self.disposition, self.location)


def _shipped(command: ReceiveReturn, tenant_id: str, needs: Needs) -> None:
    needs.reservations.add((tenant_id, command.reservation_id))
    needs.returns.add((tenant_id, command.reservation_id))
    for line in command.lines:
        needs.units.update((tenant_id, serial) for serial in line.serials or ())
        if line.location is not None:
            needs.locations.add((tenant_id, line.location))
            needs.returned_to.add((tenant_id, command.reservation_id, line.location))


@decides(ReceiveReturn, needs=_shipped)
def receive_return(command: ReceiveReturn, ask: Ask, book: Book) -> Outcome:
    """Move goods back, never more of a line and lot than was shipped and is not back already."""
    found = book.reservations.get((ask.tenant_id, command.reservation_id))
    if found is None:
        said = f"/reservation_id: there is no reservation {command.reservation_id}"
        return Rejected(404, problem(UNKNOWN_RESERVATION, said, pointer="/reservation_id"))
    old = book.returns.get(found.key) or CustomerReturn(*found.key, (), 0)
    came = {(each.line, each.lot): each for each in old.lines}
    parts: list[Back] = []
    naming = Naming(ask, book, found.reservation_id)
    coming: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for index, line in enumerate(command.lines):
        back = _back(line, f"/lines/{index}", found, came, naming)
        if isinstance(back, Rejected):
            return back
        level = book.level(ask.tenant_id, back.sku, back.location, back.lot)
        coming[level.key] += back.quantity
        refused = out_of_bounds(level.on_hand + coming[level.key], f"/lines/{index}/quantity")
        if refused:
            return refused
        before = came.get((back.line, back.lot)) or CameBack(back.line, back.sku, back.lot, ZERO)
        came[back.line, back.lot] = before._replace(quantity=before.quantity + back.quantity)
        parts.append(back)
    changed = CustomerReturn(*found.key, tuple(came.values()), old.version + 1)
    return _applied(command, found, changed, parts, naming)


def _back(
    line: ReturnedLine,
    at: str,
    found: Reservation,
    came: dict[tuple[int, str], CameBack],
    naming: Naming,
) -> Back | Rejected:
    """What a line of the command means, if so much was shipped and is not back."""
    lots = [
        each
        for each in found.lines
        if each.line == line.line and each.consumed and line.lot in (None, each.lot)
    ]
    if len(lots) > 1:
        said = f"{at}/lot: line {line.line} was shipped from several lots: name one"
        return Rejected(422, problem(LOT_RULE, said, sku=lots[0].sku, pointer=f"{at}/lot"))
    shipped = lots[0] if lots else None
    left = _left(shipped, came)
    if shipped is None or line.quantity > left:
        said = f"{at}: of line {line.line} {shown(left)} may still come back"
        return Rejected(409, problem(RETURN_EXCEEDS, said, pointer=at, returnable=shown(left)))
    location = line.location or shipped.location
    if line.location is not None:
        refused = unknown_location(naming.book, found.tenant_id, location, at)
        if refused:
            return refused
    back = Back(
        line.line,
        shipped.sku,
        shipped.lot,
        location,
        line.quantity,
        line.disposition,
        line.serials,
    )
    return _no_units(back, naming, at) or back


def _no_units(back: Back, naming: Naming, at: str) -> Rejected | None:
    """Refuse units that the reservation has not shipped, or note where they go."""
    sku, serials = back.sku, back.serials
    by_serial = naming.book.by_serial(naming.ask.tenant_id, sku)
    refused = serial_rule(sku, back.quantity, serials, at, by_serial=by_serial)
    if refused or serials is None:
        return refused
    return naming.take_back(sku, serials, back.to, at)


def _left(shipped: ReservationLine | None, came: dict[tuple[int, str], CameBack]) -> Decimal:
    """What may still come back."""
    if shipped is None:
        return ZERO
    back = came.get((shipped.line, shipped.lot))
    return shipped.consumed - (back.quantity if back else ZERO)


def _applied(
    command: ReceiveReturn,
    found: Reservation,
    changed: CustomerReturn,
    parts: list[Back],
    naming: Naming,
) -> Applied:
    ask, book = naming.ask, naming.book
    named = f"ret-{ask.new_id}"
    holds = {
        number: _hold(number, part, command, ask, book)
        for number, part in enumerate(parts, 1)
        if part.disposition == "quarantine"
    }
    told = _told(named, command, found, parts, holds, book)
    body = {**told, "returned": [returned_body(changed)]}
    return Applied(
        201,
        ("return", named),
        body,
        (
            Event("return.received", f"return/{named}", 1, told),
            *(
                Event("hold.placed", f"hold/{hold.hold_id}", 1, hold_body(hold))
                for hold in holds.values()
            ),
        ),
        (changed, *holds.values()),
        tuple(
            # The document of the shipment: by it the cost can be found at which it left.
            Movement(
                part.sku, part.lot, part.serials or (), CUSTOMER, part.to, part.quantity, None,
                f"return {named}", found.reservation_id,
            )
            for part in parts
        ),
        tuple(
            Commitment(part.sku, part.location, part.lot, part.quantity, "held")
            for part in parts
            if part.disposition == "quarantine"
        ),
        serials=tuple(naming.changed.values()),
    )  # fmt: skip


def _told(
    named: str,
    command: ReceiveReturn,
    found: Reservation,
    parts: list[Back],
    holds: dict[int, Hold],
    book: Book,
) -> dict[str, Any]:
    """A return as its event shows it."""
    return {
        "return_id": named,
        "reservation_id": found.reservation_id,
        "order_id": found.order_id,
        "reason": command.reason,
        "reference": command.reference,
        "lines": [
            {
                "line": part.line,
                "sku": part.sku,
                "lot": part.lot or None,
                "location": part.location,
                "quantity": shown(part.quantity),
                "disposition": part.disposition,
                "hold_id": holds[number].hold_id if number in holds else None,
                **serials_body(part.serials),
            }
            for number, part in enumerate(parts, 1)
        ],
        "created_at": book.at,
    }


def _hold(number: int, part: Back, command: ReceiveReturn, ask: Ask, book: Book) -> Hold:
    """What keeps a part from everybody until somebody has looked at it."""
    return Hold(
        ask.tenant_id,
        f"hold-{ask.new_id}-{number}",
        part.sku,
        "active",
        f"return: {command.reason}",
        (HoldLine(part.location, part.lot, part.quantity),),
        book.at,
        1,
    )


def returned_body(returned: CustomerReturn) -> dict[str, Any]:
    """What is back of a reservation's shipments, as the ledger keeps it."""
    return {
        "reservation_id": returned.reservation_id,
        "lines": [each.shown() for each in returned.lines],
        "version": returned.version,
    }
