"""What may be asked of the catalog: that an item or a location exist, as described."""

from functools import cache
from typing import Annotated, ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.base import LocationCode, Sku, Text
from schemas.commands.base import Command


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
UnitCode = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,16}$")]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
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
    """Create the location, or change its description; without a time zone it keeps its own."""

    TYPE: ClassVar[str] = "location.upsert"
    MODULE: ClassVar[str] = "catalog"

    code: LocationCode
    name: Text
    time_zone: TimeZone | None = Field(
        default=None, description="where its days begin and end, as IANA names it; UTC at first"
    )
