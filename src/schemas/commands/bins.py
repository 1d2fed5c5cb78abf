"""What may be asked of bins: that one exist, as described, and that stock be carried between them."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import BinCode, LocationCode, LotCode, Quantity, Sku, Strict, Text, UnitCode
from schemas.commands.base import Command
from schemas.commands.catalog import ATTRIBUTES_MAX, AttributeName

RULES_MAX, LINES_MAX = 500, 1000
ZoneCode = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Priority = Annotated[int, Field(ge=1, le=9999)]


class BinRule(Strict):
    """What a bin takes: one item, all with certain attributes, or anything if neither is named."""

    sku: Sku | None = None
    attributes: Annotated[dict[AttributeName, Text] | None, Field(max_length=ATTRIBUTES_MAX)] = None
    priority: Priority | None = Field(default=None, description="null: the bin's own")
    capacity: Quantity | None = Field(
        default=None,
        description="of each such item, in its base unit; null: what the bin has room for",
    )

    @model_validator(mode="after")
    def _names_one_kind(self) -> Self:
        if self.sku is not None and self.attributes:
            raise PydanticCustomError("bin_rule", "a rule names an item or attributes, not both")
        return self


class UpsertBin(Command):
    """Create the bin, or describe it anew: what is absent is not kept."""

    TYPE: ClassVar[str] = "bin.upsert"
    MODULE: ClassVar[str] = "stock"

    location: LocationCode
    bin: BinCode
    zone: ZoneCode | None = None
    priority: Priority = Field(default=100, description="the lowest is filled first")
    capacity: Quantity | None = Field(
        default=None, description="of all that lies in it, in base units; null: no end to it"
    )
    takes: Annotated[list[BinRule], Field(min_length=1, max_length=RULES_MAX)] | None = Field(
        default=None, description="null: anything"
    )
    blocked: bool | None = Field(default=None, description="true: nothing more is put into it")


class CarriedLine(Strict):
    """How much of one lot of an item is carried; a null bin is where stock lies that is in none."""

    sku: Sku
    quantity: Quantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    from_bin: BinCode | None = None
    to_bin: BinCode | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.from_bin == self.to_bin:
            raise PydanticCustomError("bins", "from_bin and to_bin must differ")
        return self


class MoveInBins(Command):
    """Carry stock from bin to bin within a location: all of the lines, one after the other, or none.

    What is on hand, promised and held there stays as it is.
    """

    TYPE: ClassVar[str] = "bin.move"
    MODULE: ClassVar[str] = "stock"

    location: LocationCode
    lines: Annotated[list[CarriedLine], Field(min_length=1, max_length=LINES_MAX)]
    reason: Text | None = None
