"""What may be asked of stock: that a count be recorded, or a quantity corrected."""

from typing import ClassVar

from pydantic import Field

from schemas.base import (
    BinCode,
    Cost,
    CountedQuantity,
    Delta,
    LocationCode,
    LotCode,
    ReasonCode,
    Sku,
    Text,
    UnitCode,
)
from schemas.commands.base import Command
from schemas.commands.costing import EffectiveAt
from schemas.serials import Serials


class RecordStock(Command):
    """Set what a count found; the ledger moves the difference."""

    TYPE: ClassVar[str] = "stock.record"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    location: LocationCode
    quantity: CountedQuantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    serials: Serials | None = Field(default=None, description="all that the count found")
    reason: Text


class AdjustStock(Command):
    """Change what is on hand by a difference, for a reason."""

    TYPE: ClassVar[str] = "stock.adjust"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    location: LocationCode
    delta: Delta
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    serials: Serials | None = None
    bin: BinCode | None = Field(
        default=None,
        description="where it is put or taken from; null: in no bin, or as the rule says",
    )
    reason_code: ReasonCode
    unit_cost: Cost | None = None
    effective_at: EffectiveAt = None
