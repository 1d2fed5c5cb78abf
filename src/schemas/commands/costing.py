"""What may be asked of costs: how an item's are kept, what its receipts cost in the end, and closed periods."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import ActorId, Amount, Cost, LocationCode, Quantity, Reference, Sku, Strict, Text
from schemas.commands.base import Command
from schemas.commands.lines import LINES_MAX

ReceiptId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Basis = Literal["equal", "quantity", "amount", "weight", "volume", "manual"]
MEASURED: frozenset[Basis] = frozenset({"weight", "volume"})

EffectiveAt = Annotated[
    AwareDatetime | None,
    Field(description="when it took effect, if that was before now; needs a right"),
]


class SetCostMethod(Command):
    """Keep an item's values by another method from now on."""

    TYPE: ClassVar[str] = "cost.set-method"
    MODULE: ClassVar[str] = "costing"

    sku: Sku
    method: Literal["average", "fifo", "standard"]
    standard_cost: Cost | None = Field(default=None, description="of one unit; by standard only")

    @model_validator(mode="after")
    def _a_standard_has_a_cost(self) -> Self:
        if (self.method == "standard") != (self.standard_cost is not None):
            raise PydanticCustomError(
                "standard_cost", "standard_cost belongs to the method standard, and it needs one"
            )
        return self


class ChargedLine(Strict):
    """A line of a receipt that a charge is of, and what its share is measured by."""

    receipt_id: ReceiptId
    line: Annotated[int, Field(ge=1, le=1000)]
    measure: Quantity | None = Field(default=None, description="its weight or volume, in all")
    amount: Amount | None = Field(default=None, description="its share; by `manual` only")


class AddCharge(Command):
    """Add what goods cost beside their price (freight, duty, insurance) to what was received."""

    TYPE: ClassVar[str] = "cost.add-charge"
    MODULE: ClassVar[str] = "costing"

    amount: Amount
    basis: Basis
    lines: Annotated[list[ChargedLine], Field(min_length=1, max_length=LINES_MAX)]
    reason: Text
    reference: Reference | None = None
    effective_at: EffectiveAt = None

    @model_validator(mode="after")
    def _the_basis_is_stated(self) -> Self:
        for index, line in enumerate(self.lines):
            if (line.measure is not None) != (self.basis in MEASURED):
                raise _misstated(index, "measure", self.basis)
            if (line.amount is not None) != (self.basis == "manual"):
                raise _misstated(index, "amount", self.basis)
        if len({(line.receipt_id, line.line) for line in self.lines}) < len(self.lines):
            raise PydanticCustomError("charged_twice", "lines name a receipt's line twice")
        return self


def _misstated(index: int, field: str, basis: str) -> PydanticCustomError:
    return PydanticCustomError(
        "basis",
        "lines/{index}/{field}: does not go with the basis {basis}, or is missing for it",
        {"index": index, "field": field, "basis": basis},
    )


class CorrectPrice(Command):
    """State what a receipt's line cost a unit, as the invoice has it; sold or not."""

    TYPE: ClassVar[str] = "cost.correct-price"
    MODULE: ClassVar[str] = "costing"

    receipt_id: ReceiptId
    line: Annotated[int, Field(ge=1, le=1000)]
    unit_cost: Cost
    reason: Text
    reference: Reference | None = None
    effective_at: EffectiveAt = None


class Revalue(Command):
    """Let what lies at a location be worth so much a unit from now on."""

    TYPE: ClassVar[str] = "cost.revalue"
    MODULE: ClassVar[str] = "costing"

    sku: Sku
    location: LocationCode
    unit_cost: Cost
    reason: Text
    effective_at: EffectiveAt = None


class SetPeriod(Command):
    """Close the books up to a day, or open them again; say who may date back, and once the currency."""

    TYPE: ClassVar[str] = "period.set"
    MODULE: ClassVar[str] = "costing"

    closed_until: date | None = Field(
        default=None, description="the last day (UTC) in which nothing may take effect any more"
    )
    backdaters: Annotated[list[ActorId], Field(max_length=100)] = Field(
        default=[], description="actors who may state an effective_at before now"
    )
    currency: Currency | None = Field(
        default=None, description="of all amounts, by ISO 4217; stated once; null: as it was"
    )
    reason: Text
