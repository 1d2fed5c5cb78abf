"""What may be asked of holds: that stock be kept from everybody, and be given back."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from schemas.base import LocationCode, LotCode, Quantity, Sku, Text
from schemas.commands.base import Command

HoldId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


class PlaceHold(Command):
    """Keep stock of an item from being promised or taken, until the hold is released.

    What is promised already stays promised: a hold takes from what is available. Only as much is
    ever held as was there; of a whole lot, wherever it comes to lie, `lot.set-status` decides.
    """

    TYPE: ClassVar[str] = "hold.place"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    location: LocationCode | None = Field(default=None, description="null: wherever it lies")
    lot: LotCode | None = Field(default=None, description="null: all of its lots")
    quantity: Quantity | None = Field(default=None, description="null: all that is available")
    reason: Text


class ReleaseHold(Command):
    """Give held stock back: all that is left, or a part."""

    TYPE: ClassVar[str] = "hold.release"
    MODULE: ClassVar[str] = "stock"

    hold_id: HoldId
    quantity: Quantity | None = None
    reason: Text
