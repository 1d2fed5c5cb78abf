"""What may be asked of issues: that stock leave us, for somebody or for good."""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import (
    ActorId,
    BinCode,
    LocationCode,
    LotCode,
    Quantity,
    ReasonCode,
    Reference,
    Sku,
    Strict,
    Text,
    UnitCode,
)
from schemas.commands.base import Command
from schemas.commands.costing import EffectiveAt, ReceiptId
from schemas.serials import Serials, bounded

LINES_MAX: Final = 1000


class IssuedLine(Strict):
    """How much of one item leaves; without a lot, the lots that go first."""

    sku: Sku
    location: LocationCode
    quantity: Quantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    serials: Serials | None = None
    bin: BinCode | None = Field(
        default=None,
        description="where it is taken from; null: what is loose, and then as the rule says",
    )


class Destruction(Strict):
    """How goods were destroyed, and who saw it: whoever tells of it needs another's eyes."""

    witness_id: ActorId
    method: Text
    certificate: Reference | None = None


class IssueStock(Command):
    """Let stock leave that was promised to nobody: all of the lines or none.

    To `scrap`, `loss` and `vendor` a lot may go that must not be used, if it is named.
    """

    TYPE: ClassVar[str] = "stock.issue"
    MODULE: ClassVar[str] = "stock"

    to: Literal["customer", "production", "scrap", "loss", "vendor"]
    lines: Annotated[
        list[IssuedLine],
        Field(min_length=1, max_length=LINES_MAX),
        AfterValidator(bounded),
    ]
    reason_code: ReasonCode
    reference: Reference | None = None
    effective_at: EffectiveAt = None
    receipt_id: ReceiptId | None = Field(
        default=None,
        description="goes back to the vendor whom it came from by that: at what it cost then",
    )
    allow_negative: bool | None = Field(
        default=None,
        description="it has left whatever the books say: bring them below zero, as the policy allows",
    )
    destruction: Destruction | None = Field(
        default=None, description="that it was destroyed before a witness; `to` is scrap"
    )

    @model_validator(mode="after")
    def _has_left(self) -> Self:
        if self.allow_negative and self.to not in ("customer", "production"):
            raise PydanticCustomError(
                "allow_negative", "only what has left for a customer or production may be missing"
            )
        if self.destruction and self.to != "scrap":
            raise PydanticCustomError("destruction", "what is destroyed goes to scrap")
        if self.receipt_id is not None and self.to != "vendor":
            raise PydanticCustomError("receipt_id", "only to a vendor goods of a receipt go back")
        return self
