"""What may be asked of kits: that some be put together, or taken apart again."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import (
    ZERO,
    CountedQuantity,
    LocationCode,
    LotCode,
    Quantity,
    Reference,
    Sku,
    Strict,
)
from schemas.commands.base import Command
from schemas.commands.lines import LINES_MAX
from schemas.commands.lots import Labelled


class NamedLot(Strict):
    """So much of a component from one lot of it; what is not named comes from those that go first."""

    sku: Sku
    lot: LotCode
    quantity: Quantity


NamedLots = Annotated[list[NamedLot], Field(max_length=LINES_MAX)]


class AssembleKit(Labelled, Command):
    """Put kits together of what is available: all of them or none."""

    TYPE: ClassVar[str] = "kit.assemble"
    MODULE: ClassVar[str] = "manufacturing"

    sku: Sku
    location: LocationCode
    quantity: Quantity
    lot: LotCode | None = Field(default=None, description="of the kits that come of it")
    use: NamedLots = Field(default=[], description="lots of components that are to be used")
    reference: Reference | None = None


class TakenOut(Strict):
    """What a kit's component came to: so much is whole, so much is scrap."""

    sku: Sku
    lot: LotCode | None = None
    quantity: CountedQuantity
    scrapped: CountedQuantity = ZERO


class DisassembleKit(Command):
    """Take kits apart: their components are stock again, or scrap."""

    TYPE: ClassVar[str] = "kit.disassemble"
    MODULE: ClassVar[str] = "manufacturing"

    sku: Sku
    location: LocationCode
    quantity: Quantity
    lot: LotCode | None = None
    components: Annotated[list[TakenOut], Field(min_length=1, max_length=LINES_MAX)] | None = Field(
        default=None, description="null: all that the recipe says, whole"
    )
    reference: Reference | None = None
