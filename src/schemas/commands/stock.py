"""What may be asked of stock: that a count be recorded, or a quantity corrected."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from schemas.base import Cost, CountedQuantity, Delta, LocationCode, LotCode, Sku, Text
from schemas.commands.base import Command

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$")]


class RecordStock(Command):
    """Set what a count found; the ledger moves the difference."""

    TYPE: ClassVar[str] = "stock.record"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    location: LocationCode
    quantity: CountedQuantity
    lot: LotCode | None = None
    reason: Text


class AdjustStock(Command):
    """Change what is on hand by a difference, for a reason."""

    TYPE: ClassVar[str] = "stock.adjust"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    location: LocationCode
    delta: Delta
    lot: LotCode | None = None
    reason_code: ReasonCode
    unit_cost: Cost | None = None
