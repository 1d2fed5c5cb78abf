"""What may be asked of the catalog: that an item or a location exist, as described."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from schemas.base import LocationCode, Sku, Text
from schemas.commands.base import Command

TrackBy = Annotated[
    Literal["none", "batch", "serial"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]
UnitCode = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,16}$")]
Barcode = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


class UpsertItem(Command):
    """Create the item, or change its description; its code and its tracking stay."""

    TYPE: ClassVar[str] = "item.upsert"
    MODULE: ClassVar[str] = "catalog"

    sku: Sku
    name: Text
    uom: UnitCode = "each"
    track_by: TrackBy = Field(default="none", description="batch items are stocked by lot")
    barcode: Barcode | None = None


class UpsertLocation(Command):
    """Create the location, or rename it."""

    TYPE: ClassVar[str] = "location.upsert"
    MODULE: ClassVar[str] = "catalog"

    code: LocationCode
    name: Text
