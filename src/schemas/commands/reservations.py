"""What may be asked of reservations: promise stock, give it back, or ship it."""

from typing import Annotated, ClassVar, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.base import (
    ChannelCode,
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
from schemas.commands.lines import LINES_MAX, Parts, PickedParts
from schemas.serials import Serials, bounded

ReservationId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]


OtherLocations = Annotated[list[LocationCode], Field(min_length=1, max_length=50)]


class WantedLine(Strict):
    """One item at one location, and how much of it."""

    sku: Sku
    location: LocationCode
    quantity: Quantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    channel: ChannelCode | None = Field(
        default=None, description="by which it was sold: its buffers are left alone"
    )
    serials: Serials | None = Field(
        default=None, description="the very units; null: any, named when they ship"
    )
    shelf_life_days: Annotated[int, Field(ge=0, le=36_500)] | None = Field(
        default=None,
        description="for how many days from today its lots must be usable; null: by its policy",
    )
    whole_packs: bool | None = Field(
        default=None, description="of each lot at each place only whole ones of the unit"
    )
    other_locations: OtherLocations | None = Field(
        default=None, description="where the rest may come from, in this order"
    )
    split: bool | None = Field(
        default=None, description="the rest may come from wherever there is any, by code"
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.whole_packs and (self.unit is None or self.quantity % 1):
            raise PydanticCustomError("whole_packs", "whole packs are a whole number of a unit")
        if self.split and self.other_locations is not None:
            raise PydanticCustomError("split", "split is over all locations: name no others")
        named = [self.location, *(self.other_locations or ())]
        if len(set(named)) < len(named):
            raise PydanticCustomError("other_locations", "each location may be named once")
        return self

    by_component: bool | None = Field(
        default=None, description="of a kit: promise its components, in whole kits"
    )

    @field_validator("by_component")
    @classmethod
    def _kits_have_no_lot(cls, wanted: bool | None, info: ValidationInfo) -> bool | None:  # noqa: FBT001  # pydantic's
        if wanted and info.data.get("lot") is not None:
            raise PydanticCustomError("kit_lot", "components are promised, no lot of the kit")
        return wanted


class ShipmentProof(Strict):
    """What shows that the goods have left."""

    carrier: Reference
    tracking: Reference
    shipped_at: AwareDatetime


class CreateReservation(Command):
    """Promise stock to an order: all of its lines or, unless it allows a part, none."""

    TYPE: ClassVar[str] = "reservation.create"
    MODULE: ClassVar[str] = "reservations"

    order_id: Reference
    lines: Annotated[
        list[WantedLine],
        Field(min_length=1, max_length=LINES_MAX),
        AfterValidator(bounded),
    ]
    expires_at: AwareDatetime | None = None
    allow_partial: bool = False


class ReleaseReservation(Command):
    """Give promised stock back: all that is left, or the named parts."""

    TYPE: ClassVar[str] = "reservation.release"
    MODULE: ClassVar[str] = "reservations"

    reservation_id: ReservationId
    lines: Parts | None = None
    reason: Text


class ConsumeReservation(Command):
    """Ship promised stock, with proof of the shipment: all that is left, or the named parts."""

    TYPE: ClassVar[str] = "reservation.consume"
    MODULE: ClassVar[str] = "reservations"

    reservation_id: ReservationId
    shipment_proof: ShipmentProof
    lines: PickedParts | None = None


class ExpireReservation(Command):
    """Give back what a reservation holds past its time. The system's own command."""

    TYPE: ClassVar[str] = "reservation.expire"
    MODULE: ClassVar[str] = "reservations"

    reservation_id: ReservationId
