"""What may be asked of repacking: that stock go on under another item or lot."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import (
    ZERO,
    CountedQuantity,
    LocationCode,
    LotCode,
    Quantity,
    Reference,
    Sku,
    Text,
)
from schemas.commands.base import Command
from schemas.commands.lines import LINES_MAX
from schemas.commands.lots import Labelled


class RepackedLine(Labelled):
    """So much of an item and lot that comes of it; dates where the label has some."""

    sku: Sku | None = Field(default=None, description="null: the same item")
    quantity: Quantity
    lot: LotCode | None = None


class RepackLot(Command):
    """Turn stock into other packs, items or lots: all of it or none.

    Of the same item as much comes out as goes in, less what is wasted.
    """

    TYPE: ClassVar[str] = "lot.repack"
    MODULE: ClassVar[str] = "manufacturing"

    sku: Sku
    location: LocationCode
    quantity: Quantity
    lot: LotCode | None = Field(default=None, description="null: those that go first")
    to: Annotated[list[RepackedLine], Field(min_length=1, max_length=LINES_MAX)]
    wasted: CountedQuantity = ZERO
    reason: Text
    reference: Reference | None = None
