"""What may be asked of receipts: that goods which have come in be taken into stock."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from schemas.base import BinCode, Cost, LocationCode, LotCode, Quantity, Reference, Sku, UnitCode
from schemas.commands.base import Command
from schemas.commands.costing import EffectiveAt
from schemas.commands.lots import Labelled
from schemas.serials import Serials, bounded

LINES_MAX = 1000


class ReceivedLine(Labelled):
    """How much of one item, and of which lot, has come in where; its dates where they are known."""

    sku: Sku
    location: LocationCode
    quantity: Quantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    serials: Serials | None = None
    unit_cost: Cost | None = Field(default=None, description="of one base unit")
    bin: BinCode | None = Field(default=None, description="where it is put; null: it is loose")


class PostReceipt(Command):
    """Take goods into stock: all of the lines or none."""

    TYPE: ClassVar[str] = "receipt.post"
    MODULE: ClassVar[str] = "receiving"

    source: Literal["vendor", "customer", "production"] = "vendor"
    lines: Annotated[
        list[ReceivedLine],
        Field(min_length=1, max_length=LINES_MAX),
        AfterValidator(bounded),
    ]
    reference: Reference | None = None
    vendor_id: Reference | None = Field(default=None, description="who sent them; of a vendor only")
    ordered_at: AwareDatetime | None = Field(
        default=None, description="when they were ordered from a vendor: lead times follow from it"
    )
    promised_at: AwareDatetime | None = Field(
        default=None, description="when they were to come, as the vendor said at the order"
    )
    effective_at: EffectiveAt = None
