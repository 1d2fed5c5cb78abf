"""What may be asked of put-away: that loose stock be put into bins, those named or those that fit."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import BinCode, LocationCode, LotCode, Quantity, Sku, Strict, UnitCode
from schemas.commands.base import Command
from schemas.commands.bins import LINES_MAX, ZoneCode
from schemas.commands.costing import ReceiptId


class PutLine(Strict):
    """How much of one lot of an item is put away: into the bin that is named, or by rule."""

    sku: Sku
    quantity: Quantity | None = Field(default=None, description="null: all that lies there")
    unit: UnitCode | None = Field(
        default=None, description="whole ones of it are put away; null: its base unit"
    )
    lot: LotCode | None = None
    bin: BinCode | None = Field(default=None, description="null: the bins that the rules choose")


class PostPutaway(Command):
    """Put stock away: some lines, or what of a receipt is still loose.

    By rule as much goes into bins as they have room for; what is left over is told, not refused.
    Into a bin that is named all of a line goes, or the command is refused.
    """

    TYPE: ClassVar[str] = "putaway.post"
    MODULE: ClassVar[str] = "receiving"

    location: LocationCode
    receipt_id: ReceiptId | None = None
    lines: Annotated[list[PutLine], Field(min_length=1, max_length=LINES_MAX)] | None = None
    from_bin: BinCode | None = Field(
        default=None, description="where the stock lies now; null: loose, in no bin"
    )
    zone: ZoneCode | None = Field(default=None, description="only bins of this zone, by rule")

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if (self.receipt_id is None) == (self.lines is None):
            raise PydanticCustomError("putaway", "name a receipt_id or lines, one of the two")
        if any(line.bin is not None and line.bin == self.from_bin for line in self.lines or ()):
            raise PydanticCustomError("putaway", "a line's bin must not be from_bin")
        return self
