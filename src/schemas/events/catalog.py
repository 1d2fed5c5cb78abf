"""What happened in the catalog."""

from typing import ClassVar, Literal

from schemas.events.base import Event


class ItemUpserted(Event):
    """An item came into being, or its description changed."""

    TYPE: ClassVar[str] = "item.upserted"
    MODULES: ClassVar[tuple[str, ...]] = ("catalog",)

    sku: str
    name: str
    uom: str
    track_by: Literal["none", "batch", "serial"]
    barcode: str | None
    version: int


class LocationUpserted(Event):
    """A location came into being, or its description changed."""

    TYPE: ClassVar[str] = "location.upserted"
    MODULES: ClassVar[tuple[str, ...]] = ("catalog",)

    code: str
    name: str
    time_zone: str
    version: int
