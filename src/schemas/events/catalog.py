"""What happened in the catalog."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Strict
from schemas.events.base import Event


class Unit(Strict):
    """Another unit of the item: one of it is exactly `factor` base units."""

    code: str
    factor: str
    level: int | None


class Barcode(Strict):
    """A code of the item, in the form in which it is looked up; a null unit is the base unit."""

    code: str
    unit: str | None
    symbology: Literal["gtin", "other"]


class ItemUpserted(Event):
    """An item came into being, or its description changed."""

    TYPE: ClassVar[str] = "item.upserted"
    MODULES: ClassVar[tuple[str, ...]] = ("catalog",)

    sku: str
    name: str
    uom: str
    track_by: Literal["none", "batch", "serial"]
    barcode: str | None
    active: bool = True
    rounding: Literal["exact", "whole", "measured"] = "exact"
    scale: int | None = None
    units: list[Unit] = Field(default=[])
    barcodes: list[Barcode] = Field(default=[])
    variant_of: str | None = None
    attributes: dict[str, str] = Field(default={}, description="in which variants differ")
    version: int


class LocationUpserted(Event):
    """A location came into being, or its description changed."""

    TYPE: ClassVar[str] = "location.upserted"
    MODULES: ClassVar[tuple[str, ...]] = ("catalog",)

    code: str
    name: str
    time_zone: str
    version: int
