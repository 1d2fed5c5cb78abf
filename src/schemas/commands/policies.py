"""What may be asked of policies: that an item may do this or that, everywhere or at a location."""

from typing import Annotated, ClassVar

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from schemas.base import ChannelCode, CountedQuantity, LocationCode, Sku, Strict
from schemas.commands.base import Command

BUFFERS_MAX = 100


class Buffer(Strict):
    """What of a location's stock a channel may not sell."""

    channel: ChannelCode | None = Field(default=None, description="null: all that are not named")
    quantity: CountedQuantity


class SetPolicy(Command):
    """Say what holds for an item, or for an item at a location: all of it anew.

    What is null here is not said: at a location the item's own policy holds then, and nothing
    is allowed where neither says so.
    """

    TYPE: ClassVar[str] = "policy.set"
    MODULE: ClassVar[str] = "catalog"

    sku: Sku
    location: LocationCode | None = Field(default=None, description="null: wherever none is set")
    backorder_limit: CountedQuantity | None = Field(
        default=None, description="how much may be promised beyond what is there, at each location"
    )
    negative_limit: CountedQuantity | None = Field(
        default=None, description="how far below zero a dispatch may bring what is on hand"
    )
    shelf_life_days: Annotated[int, Field(ge=0, le=36_500)] | None = Field(
        default=None, description="how long lots must last, for reservations that do not say it"
    )
    buffers: Annotated[list[Buffer], Field(max_length=BUFFERS_MAX)] | None = Field(
        default=None, description="what channels leave alone, at each location"
    )

    @field_validator("buffers")
    @classmethod
    def _one_a_channel(cls, buffers: list[Buffer] | None) -> list[Buffer] | None:
        channels = [each.channel for each in buffers or ()]
        if len(set(channels)) < len(channels):
            raise PydanticCustomError("buffers", "must name each channel once")
        return buffers
