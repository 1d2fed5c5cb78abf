"""What may be asked of receipts: that goods which have come in be taken into stock."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import Cost, LocationCode, LotCode, Quantity, Reference, Sku
from schemas.commands.base import Command
from schemas.commands.lots import LotDates

LINES_MAX = 1000


class ReceivedLine(LotDates):
    """How much of one item, and of which lot, has come in where; its dates where they are known."""

    sku: Sku
    location: LocationCode
    quantity: Quantity
    lot: LotCode | None = None
    unit_cost: Cost | None = None

    @model_validator(mode="after")
    def _dates_are_a_lots(self) -> Self:
        if self.lot is None and any(getattr(self, name) for name in LotDates.model_fields):
            raise PydanticCustomError("lot_dates", "dates belong to a lot: name it")
        return self


class PostReceipt(Command):
    """Take goods into stock: all of the lines or none."""

    TYPE: ClassVar[str] = "receipt.post"
    MODULE: ClassVar[str] = "receiving"

    source: Literal["vendor", "customer", "production"] = "vendor"
    lines: Annotated[list[ReceivedLine], Field(min_length=1, max_length=LINES_MAX)]
    reference: Reference | None = None
