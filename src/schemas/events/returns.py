"""What happened to returns."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event
from schemas.serials import Serials


class Line(Strict):
    """A part of what a reservation shipped that came back, and what became of it."""

    line: int
    sku: str
    lot: str | None
    location: str
    quantity: str
    disposition: Literal["sellable", "quarantine", "damaged", "discarded"]
    hold_id: str | None
    serials: Serials | None = None


class ReturnReceived(Event):
    """A customer sent goods back, or threw them away."""

    TYPE: ClassVar[str] = "return.received"
    MODULES: ClassVar[tuple[str, ...]] = ("receiving",)

    return_id: str
    reservation_id: str
    order_id: str
    reason: str
    reference: str | None
    lines: list[Line]
    created_at: AwareDatetime
