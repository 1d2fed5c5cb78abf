"""What may be asked of production orders: that one begin, use, make, and come to an end."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import (
    ZERO,
    CountedQuantity,
    LocationCode,
    LotCode,
    Quantity,
    Reference,
    Sku,
    Strict,
    Text,
)
from schemas.commands.base import Command
from schemas.commands.kits import NamedLots
from schemas.commands.lines import LINES_MAX
from schemas.commands.lots import Labelled

ProductionId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


class StartProduction(Command):
    """Plan to make so many of an item, and reserve what its recipe asks for."""

    TYPE: ClassVar[str] = "production.start"
    MODULE: ClassVar[str] = "manufacturing"

    sku: Sku
    location: LocationCode
    quantity: Quantity
    use: NamedLots = Field(default=[], description="lots of components that are to be used")
    allow_partial: bool = Field(default=False, description="begin with what there is")
    reference: Reference | None = None


class UsedLine(Strict):
    """How much of a component went in, and how much of it went to waste."""

    sku: Sku
    lot: LotCode | None = None
    quantity: CountedQuantity = ZERO
    wasted: CountedQuantity = ZERO

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.quantity and not self.wasted:
            raise PydanticCustomError("used_nothing", "must use or waste something")
        return self


class ConsumeProduction(Command):
    """Note what an order has really used: what is reserved for it first, then what is available."""

    TYPE: ClassVar[str] = "production.consume"
    MODULE: ClassVar[str] = "manufacturing"

    production_id: ProductionId
    lines: Annotated[list[UsedLine], Field(min_length=1, max_length=LINES_MAX)]


class MadeLine(Labelled):
    """How much came of an order, and in which lot."""

    quantity: Quantity
    lot: LotCode | None = None


class ProduceProduction(Command):
    """Take what an order has made into stock; as often as there is something."""

    TYPE: ClassVar[str] = "production.produce"
    MODULE: ClassVar[str] = "manufacturing"

    production_id: ProductionId
    lines: Annotated[list[MadeLine], Field(min_length=1, max_length=LINES_MAX)]


class CompleteProduction(Command):
    """End an order: what was reserved for it and not used is free again."""

    TYPE: ClassVar[str] = "production.complete"
    MODULE: ClassVar[str] = "manufacturing"

    production_id: ProductionId


class CancelProduction(Command):
    """Give an order up that has made nothing: what it reserved is free, what it used is back."""

    TYPE: ClassVar[str] = "production.cancel"
    MODULE: ClassVar[str] = "manufacturing"

    production_id: ProductionId
    reason: Text
