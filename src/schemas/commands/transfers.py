"""What may be asked of transfers: that stock leave for another place of ours, and arrive."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from schemas.base import (
    BinCode,
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
from schemas.commands.lines import LINES_MAX, Parts
from schemas.serials import Serials, bounded

TransferId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


class ShippedLine(Strict):
    """One item, and how much of it leaves; without a lot, the lots that go first."""

    sku: Sku
    quantity: Quantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    serials: Serials | None = None
    bin: BinCode | None = Field(
        default=None,
        description="where it is taken from; null: what is loose, and then as the rule says",
    )


class ShipTransfer(Command):
    """Let stock leave one location for another: all of its lines or none. It is in transit then."""

    TYPE: ClassVar[str] = "transfer.ship"
    MODULE: ClassVar[str] = "transfers"

    from_location: LocationCode
    to_location: LocationCode
    lines: Annotated[
        list[ShippedLine],
        Field(min_length=1, max_length=LINES_MAX),
        AfterValidator(bounded),
    ]
    reference: Reference | None = None

    @field_validator("to_location")
    @classmethod
    def _goes_somewhere(cls, code: str, info: ValidationInfo) -> str:
        if code == info.data.get("from_location"):
            raise PydanticCustomError("transfer_ends", "must not be from_location")
        return code


class ReceiveTransfer(Command):
    """Take in what has arrived: all that is still in transit, or the named parts."""

    TYPE: ClassVar[str] = "transfer.receive"
    MODULE: ClassVar[str] = "transfers"

    transfer_id: TransferId
    lines: Parts | None = None


class CloseTransfer(Command):
    """Say what became of all that is still in transit: it is lost, or back where it came from."""

    TYPE: ClassVar[str] = "transfer.close"
    MODULE: ClassVar[str] = "transfers"

    transfer_id: TransferId
    rest: Literal["lost", "returned"]
    reason: Text
