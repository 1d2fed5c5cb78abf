"""What happened to policies; each event carries the whole policy as it then stands."""

from typing import ClassVar

from schemas.base import Strict
from schemas.events.base import Event


class Buffer(Strict):
    """What of a location's stock a channel may not sell; a null channel is all that are not named."""

    channel: str | None
    quantity: str


class PolicyChanged(Event):
    """What an item may do, everywhere or at a location, was set; null says nothing of it."""

    TYPE: ClassVar[str] = "policy.changed"
    MODULES: ClassVar[tuple[str, ...]] = ("catalog",)

    sku: str
    location: str | None
    backorder_limit: str | None
    negative_limit: str | None
    shelf_life_days: int | None
    buffers: list[Buffer] | None
    version: int
