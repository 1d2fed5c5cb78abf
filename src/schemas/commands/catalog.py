"""What may be asked of the catalog: that an item or a location exist, as described."""

from functools import cache
from typing import Annotated, ClassVar, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import Factor, LocationCode, Sku, Strict, Text, UnitCode
from schemas.commands.base import Command
from schemas.gs1 import is_gtin


@cache
def _zones() -> frozenset[str]:
    """All there are: looked for once, since that reads a whole directory."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError(
            "time_zone", "must be a time zone as IANA names it, such as Europe/Berlin"
        )
    return name


TrackBy = Annotated[
    Literal["none", "batch", "serial"],
    BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Barcode = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,62}[!-~])?$")]
UNITS_MAX, BARCODES_MAX, ATTRIBUTES_MAX = 50, 100, 50


class ItemUnit(Strict):
    """Another unit that quantities of the item may be said in, such as a case of 12."""

    code: UnitCode
    factor: Factor = Field(description="how many base units one of it is, exactly")
    level: Annotated[int, Field(ge=1, le=9)] | None = Field(
        default=None, description="of packaging: 1 is the innermost; null for a measure"
    )


class ItemBarcode(Strict):
    """A code that is printed on the item, or on one of its packs."""

    code: Barcode
    unit: UnitCode | None = Field(default=None, description="which of its units; null: the base")
    symbology: Literal["gtin", "other"] = "gtin"

    @model_validator(mode="after")
    def _is_what_it_says(self) -> Self:
        if self.symbology == "gtin" and not is_gtin(self.code):
            raise PydanticCustomError(
                "gtin", "must be a GTIN of 8, 12, 13 or 14 digits, the last its check digit"
            )
        return self


class UpsertItem(Command):
    """Create the item, or change its description; its code and its tracking stay.

    `name`, `uom` and `barcode` are described anew; of the others a field that is absent keeps what
    it was, so that whoever knows nothing of units does not take them away.
    """

    TYPE: ClassVar[str] = "item.upsert"
    MODULE: ClassVar[str] = "catalog"

    sku: Sku
    name: Text
    uom: UnitCode = "each"
    track_by: TrackBy = Field(default="none", description="batch items are stocked by lot")
    barcode: Barcode | None = Field(default=None, description="a label's text; claims nothing")
    active: bool | None = Field(
        default=None, description="whether it may be promised and bought; a new one may"
    )
    rounding: Literal["exact", "whole", "measured"] | None = Field(
        default=None,
        description="exact: what does not convert exactly is refused; whole: and so are fractions "
        "of the base unit; measured: it is rounded, half up, at `scale` decimals",
    )
    scale: Annotated[int, Field(ge=0, le=6)] | None = None
    units: Annotated[list[ItemUnit], Field(max_length=UNITS_MAX)] | None = None
    barcodes: Annotated[list[ItemBarcode], Field(max_length=BARCODES_MAX)] | None = None
    variant_of: Sku | None = Field(
        default=None, description="the item that it is a variant of; once said, it stays"
    )
    attributes: Annotated[dict[AttributeName, Text] | None, Field(max_length=ATTRIBUTES_MAX)] = None

    @model_validator(mode="after")
    def _scale_is_of_what_is_measured(self) -> Self:
        if (self.rounding == "measured") != (self.scale is not None):
            raise PydanticCustomError(
                "scale", "a scale belongs to rounding measured, and it to one"
            )
        return self


class UpsertLocation(Command):
    """Create the location, or change its description; without a time zone it keeps its own."""

    TYPE: ClassVar[str] = "location.upsert"
    MODULE: ClassVar[str] = "catalog"

    code: LocationCode
    name: Text
    time_zone: TimeZone | None = Field(
        default=None, description="where its days begin and end, as IANA names it; UTC at first"
    )
