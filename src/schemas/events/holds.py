"""What happened to holds; each event carries the whole hold as it then stands."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event


class Line(Strict):
    """How much of one lot at one location, or of one bin there, was held, and how much of that was given back."""

    location: str
    lot: str | None
    held: str
    released: str
    bin: str | None = None


class Hold(Event):
    """A hold as it stands."""

    MODULES: ClassVar[tuple[str, ...]] = ("stock", "receiving")

    hold_id: str
    sku: str
    status: Literal["active", "released"]
    reason: str
    lines: list[Line]
    created_at: AwareDatetime
    version: int


class HoldPlaced(Hold):
    """Stock was taken out of what may be promised."""

    TYPE: ClassVar[str] = "hold.placed"


class HoldReleased(Hold):
    """Held stock was given back, in whole or in part."""

    TYPE: ClassVar[str] = "hold.released"
