"""What may be asked of stock: that a count be recorded, a quantity corrected, or some issued."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import (
    Cost,
    CountedQuantity,
    Delta,
    LocationCode,
    LotCode,
    Quantity,
    Reference,
    Sku,
    Strict,
    Text,
    UnitCode,
)
from schemas.commands.base import Command
from schemas.commands.costing import EffectiveAt
from schemas.serials import Serials, bounded

LINES_MAX = 1000
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$")]


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
    reason_code: ReasonCode
    unit_cost: Cost | None = None
    effective_at: EffectiveAt = None


class IssuedLine(Strict):
    """How much of one item leaves; without a lot, the lots that go first."""

    sku: Sku
    location: LocationCode
    quantity: Quantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    serials: Serials | None = None


class IssueStock(Command):
    """Let stock leave that was promised to nobody: all of the lines or none.

    To `scrap` and `loss` a lot may go that must not be used, if it is named.
    """

    TYPE: ClassVar[str] = "stock.issue"
    MODULE: ClassVar[str] = "stock"

    to: Literal["customer", "production", "scrap", "loss"]
    lines: Annotated[
        list[IssuedLine],
        Field(min_length=1, max_length=LINES_MAX),
        AfterValidator(bounded),
    ]
    reason_code: ReasonCode
    reference: Reference | None = None
    effective_at: EffectiveAt = None
    allow_negative: bool | None = Field(
        default=None,
        description="it has left whatever the books say: bring them below zero, as the policy allows",
    )

    @model_validator(mode="after")
    def _has_left(self) -> Self:
        if self.allow_negative and self.to not in ("customer", "production"):
            raise PydanticCustomError(
                "allow_negative", "only what has left for a customer or production may be missing"
            )
        return self
