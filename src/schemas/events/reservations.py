"""What happened to reservations; each event carries the whole reservation as it then stands."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.base import Strict
from schemas.events.base import Conversion, Event
from schemas.serials import Serials


class Line(Strict):
    """What was asked of one item and lot, and what became of it.

    A line that was granted from several lots stands once for each, under the same number.
    """

    line: int
    sku: str
    location: str
    lot: str | None
    channel: str | None
    quantity: str
    reserved: str
    released: str
    consumed: str
    serials: Serials | None = Field(
        default=None, description="those promised by name and left; [] where any unit will do"
    )


class Passed(Strict):
    """A lot that was there and was not taken, and why."""

    lot: str
    because: Literal["quarantine", "recalled", "expired", "shelf-life", "less-than-a-pack"]


class Rebound(Strict):
    """So much of what was promised of one lot is promised of another since."""

    from_lot: str
    to_lot: str
    quantity: str


class Choice(Strict):
    """How the lots of a line were chosen: those that come first, first, and those passed over."""

    line: int
    location: str | None = Field(default=None, description="where the line was split over several")
    order: list[str]
    passed: list[Passed]
    sku: str | None = None
    any_lot: list[str] | None = Field(
        default=None, description="those it has or had, where any would have done and will do"
    )
    rebound: list[Rebound] | None = Field(
        default=None, description="how it gave way to promises of particular lots"
    )


class ShippedPart(Strict):
    """How much of a line a shipment took."""

    line: int
    quantity: str
    serials: Serials | None = None


class Shipment(Strict):
    """A shipment out of a reservation, by its proof."""

    carrier: str
    tracking: str
    shipped_at: AwareDatetime
    lines: list[ShippedPart]


class Kit(Strict):
    """A line that asked for kits: so many are left, promised by the lines of their components."""

    line: int
    sku: str
    location: str
    quantity: str
    left: str
    parts: list[int]


class Reservation(Event):
    """A reservation as it stands."""

    MODULES: ClassVar[tuple[str, ...]] = ("reservations",)

    reservation_id: str
    order_id: str
    status: Literal["active", "released", "consumed", "expired"]
    lines: list[Line]
    choices: list[Choice] = Field(default=[], description="where there were lots to choose from")
    conversions: list[Conversion] = Field(
        default=[], description="of what was said in another unit than the base unit"
    )
    kits: list[Kit] = Field(default=[], description="where lines asked for kits by component")
    expires_at: AwareDatetime | None
    shipments: list[Shipment]
    created_at: AwareDatetime
    version: int


class ReservationCreated(Reservation):
    """Stock was promised to an order."""

    TYPE: ClassVar[str] = "reservation.created"


class ReservationRebound(Reservation):
    """Stock of other lots is promised now, since somebody needed the very lot; as much as before."""

    TYPE: ClassVar[str] = "reservation.rebound"


class ReservationReleased(Reservation):
    """Promised stock was given back, in whole or in part."""

    TYPE: ClassVar[str] = "reservation.released"


class ReservationConsumed(Reservation):
    """Promised stock was shipped, in whole or in part."""

    TYPE: ClassVar[str] = "reservation.consumed"


class ReservationExpired(Reservation):
    """A reservation's time ran out, and what it still held was given back."""

    TYPE: ClassVar[str] = "reservation.expired"
