"""What happened to lots; each event carries the whole lot as it then stands."""

from datetime import date
from typing import ClassVar, Literal

from schemas.base import Strict
from schemas.events.base import Event


class LotState(Strict):
    """A lot as it stands."""

    sku: str
    lot: str
    status: Literal["active", "quarantine", "recalled"]
    reason: str | None
    expires_on: date | None
    best_before_on: date | None
    remove_on: date | None
    alert_on: date | None
    version: int


class Lot(LotState, Event):
    """Something happened to a lot."""

    MODULES: ClassVar[tuple[str, ...]] = ("stock", "receiving", "counting", "manufacturing")


class LotDescribed(Lot):
    """A lot's dates were given, or corrected."""

    TYPE: ClassVar[str] = "lot.described"


class LotStatusSet(Lot):
    """A lot was let be used, quarantined or recalled."""

    TYPE: ClassVar[str] = "lot.status.set"


class LotCorrected(Event):
    """Stock was found to be of another lot, and is kept under that from then on."""

    TYPE: ClassVar[str] = "lot.corrected"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    id: str
    sku: str
    location: str
    from_lot: str
    to_lot: str
    quantity: str
    reason: str
