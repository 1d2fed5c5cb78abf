"""What may be asked of reservations: promise stock, give it back, or ship it."""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.base import LocationCode, LotCode, Quantity, Reference, Sku, Strict, Text
from schemas.commands.base import Command
from schemas.commands.lines import LINES_MAX, Parts

ReservationId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


class WantedLine(Strict):
    """One item at one location, and how much of it."""

    sku: Sku
    location: LocationCode
    quantity: Quantity
    lot: LotCode | None = None
    channel: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] | None = None
    shelf_life_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(
        default=None, description="for how many days from today its lots must be usable"
    )


class ShipmentProof(Strict):
    """What shows that the goods have left."""

    carrier: Reference
    tracking: Reference
    shipped_at: AwareDatetime


class CreateReservation(Command):
    """Promise stock to an order: all of its lines or, unless it allows a part, none."""

    TYPE: ClassVar[str] = "reservation.create"
    MODULE: ClassVar[str] = "reservations"

    order_id: Reference
    lines: Annotated[list[WantedLine], Field(min_length=1, max_length=LINES_MAX)]
    expires_at: AwareDatetime | None = None
    allow_partial: bool = False


class ReleaseReservation(Command):
    """Give promised stock back: all that is left, or the named parts."""

    TYPE: ClassVar[str] = "reservation.release"
    MODULE: ClassVar[str] = "reservations"

    reservation_id: ReservationId
    lines: Parts | None = None
    reason: Text


class ConsumeReservation(Command):
    """Ship promised stock, with proof of the shipment: all that is left, or the named parts."""

    TYPE: ClassVar[str] = "reservation.consume"
    MODULE: ClassVar[str] = "reservations"

    reservation_id: ReservationId
    shipment_proof: ShipmentProof
    lines: Parts | None = None


class ExpireReservation(Command):
    """Give back what a reservation holds past its time. The system's own command."""

    TYPE: ClassVar[str] = "reservation.expire"
    MODULE: ClassVar[str] = "reservations"

    reservation_id: ReservationId
