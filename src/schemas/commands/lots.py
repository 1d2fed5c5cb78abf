"""What may be asked of lots: that one be described, and that it may be used or not."""

from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import LocationCode, LotCode, Quantity, Sku, Strict, Text
from schemas.commands.base import Command

LotStatus = Literal["active", "quarantine", "recalled"]


class LotDates(Strict):
    """A lot's dates.

    The last day on which it may be used is `expires_on`, in the time zone of the location where
    it lies. FEFO goes by `remove_on`, or `expires_on` where there is none.
    """

    expires_on: date | None = Field(default=None, description="the last day on which it is usable")
    best_before_on: date | None = None
    remove_on: date | None = Field(default=None, description="when to take it out: FEFO's order")
    alert_on: date | None = Field(default=None, description="when to tell somebody")

    @field_validator("best_before_on", "remove_on", "alert_on")
    @classmethod
    def _not_after_its_end(cls, day: date | None, info: ValidationInfo) -> date | None:
        end = info.data.get("expires_on")
        if day and end and day > end:
            raise PydanticCustomError("lot_dates", "must not be after expires_on")
        return day


class Labelled(LotDates):
    """What has a lot, or none, and the dates on its label."""

    @model_validator(mode="after")
    def _dates_are_a_lots(self) -> Self:
        if getattr(self, "lot", None) is None and any(
            getattr(self, name) for name in LotDates.model_fields
        ):
            raise PydanticCustomError("lot_dates", "dates belong to a lot: name it")
        return self


class UpsertLot(LotDates, Command):
    """Describe a lot: all its dates anew, or that it has none. Its status stays."""

    TYPE: ClassVar[str] = "lot.upsert"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    lot: LotCode


class SetLotStatus(Command):
    """Let a lot be used, or let nobody use it wherever it lies."""

    TYPE: ClassVar[str] = "lot.set-status"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    lot: LotCode
    status: LotStatus
    reason: Text


class CorrectLot(Command):
    """Say that stock is of another lot than the books have it under: its code was mistyped."""

    TYPE: ClassVar[str] = "lot.correct"
    MODULE: ClassVar[str] = "stock"

    sku: Sku
    location: LocationCode
    from_lot: LotCode
    to_lot: LotCode
    quantity: Quantity | None = Field(default=None, description="null: all that is there")
    reason: Text

    @field_validator("to_lot")
    @classmethod
    def _is_another(cls, lot: str, info: ValidationInfo) -> str:
        if lot == info.data.get("from_lot"):
            raise PydanticCustomError("lot_ends", "must not be from_lot")
        return lot
