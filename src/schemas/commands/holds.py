"""What may be asked of holds: that stock be kept from everybody, and be given back."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import BinCode, LocationCode, LotCode, Quantity, Sku, Text
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
    bin: BinCode | None = Field(default=None, description="only what lies in it; with a location")
    quantity: Quantity | None = Field(default=None, description="null: all that is available")
    reason: Text

    @model_validator(mode="after")
    def _bins_are_somewhere(self) -> Self:
        if self.bin is not None and self.location is None:
            raise PydanticCustomError("bin", "a bin is named with its location")
        return self


class ReleaseHold(Command):
    """Give held stock back: all that is left, or a part."""

    TYPE: ClassVar[str] = "hold.release"
    MODULE: ClassVar[str] = "stock"

    hold_id: HoldId
    quantity: Quantity | None = None
    reason: Text
