"""What may be asked of returns: that what a customer sends back be taken in, or written off."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from schemas.base import LocationCode, LotCode, Quantity, Reference, Strict, Text
from schemas.commands.base import Command
from schemas.commands.lines import LINES_MAX
from schemas.commands.reservations import ReservationId
from schemas.serials import Serials, bounded

Disposition = Literal["sellable", "quarantine", "damaged", "discarded"]


class ReturnedLine(Strict):
    """A part of what a line of a reservation shipped, and what is to become of it."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)]
    quantity: Quantity
    lot: LotCode | None = Field(default=None, description="null: the only one that was shipped")
    location: LocationCode | None = Field(default=None, description="null: where it came from")
    disposition: Disposition
    serials: Serials | None = None


class ReceiveReturn(Command):
    """Take back what a reservation shipped: all of the lines or none, and no more than went out.

    What is `sellable` is stock like any other, what is in `quarantine` is held; `damaged` goods are
    scrap, and `discarded` ones never came back.
    """

    TYPE: ClassVar[str] = "return.receive"
    MODULE: ClassVar[str] = "receiving"

    reservation_id: ReservationId
    lines: Annotated[
        list[ReturnedLine],
        Field(min_length=1, max_length=LINES_MAX),
        AfterValidator(bounded),
    ]
    reason: Text
    reference: Reference | None = None
