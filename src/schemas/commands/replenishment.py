"""What may be asked of replenishment: that a place be replenished by some rule, and what was observed there."""

from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from schemas.base import CountedQuantity, LocationCode, Percent, Quantity, Sku, Strict
from schemas.commands.base import Command

OBSERVED_MAX: Final = 500
DAYS_MAX: Final = 3_650
"""Ten years: no lead time, and no window that demand is observed over, is longer."""
LEVEL_MIN: Final = 50
LEVEL_MAX: Final = Decimal("99.999")
"""Half of all cycles need no safety stock; none is enough for all of them."""


def _bounded(days: Decimal) -> Decimal:
    if days > DAYS_MAX:
        raise PydanticCustomError("days", "must be at most {most} days", {"most": DAYS_MAX})
    return days


def _safe(percent: Decimal) -> Decimal:
    if not LEVEL_MIN <= percent <= LEVEL_MAX:
        raise PydanticCustomError(
            "service_level",
            "must be between {least} and {most} percent",
            {"least": LEVEL_MIN, "most": str(LEVEL_MAX)},
        )
    return percent


Days = Annotated[CountedQuantity, AfterValidator(_bounded)]
ServiceLevel = Annotated[Percent, AfterValidator(_safe)]


class SetReplenishmentPolicy(Command):
    """Say how an item is replenished at a location: all of it anew.

    What is recommended when, by `kind`:
    `reorder-point`: as little as lifts above the reorder point; `fixed-quantity`: the same in
    whole fixed quantities; `min-max`: up to the maximum; all three when what is projected is at or
    below the reorder point or the safety stock; `lot-for-lot`: what is promised beyond what comes,
    and the safety stock; `none`: nothing.
    """

    TYPE: ClassVar[str] = "replenishment.set-policy"
    MODULE: ClassVar[str] = "planning"

    sku: Sku
    location: LocationCode
    kind: Literal["reorder-point", "min-max", "fixed-quantity", "lot-for-lot", "none"]
    reorder_point: CountedQuantity | None = Field(
        default=None, description="null: the demand of a lead time, and the safety stock"
    )
    maximum: Quantity | None = Field(default=None, description="more than that is overstock")
    quantity: Quantity | None = Field(default=None, description="the fixed one")
    order_multiple: Quantity | None = None
    order_min: Quantity | None = None
    order_max: Quantity | None = Field(
        default=None, description="of one order: what is needed beyond it takes several"
    )
    safety_stock: CountedQuantity | None = None
    service_level: ServiceLevel | None = Field(
        default=None, description="percent of order cycles without a stock-out, instead of a stock"
    )
    demand_mean: CountedQuantity | None = Field(
        default=None, description="a day; null: as observed"
    )
    demand_sigma: CountedQuantity | None = None
    lead_time_mean: Days | None = Field(default=None, description="in days; null: as observed")
    lead_time_sigma: Days | None = None


class ObservedDemand(Strict):
    """What was asked for a day, over the days of a window that had something to have."""

    mean: CountedQuantity
    sigma: CountedQuantity
    days: Annotated[int, Field(ge=1, le=DAYS_MAX)]
    stock_out_days: Annotated[int, Field(ge=0, le=DAYS_MAX)] = Field(
        description="days of the window that had nothing, and are not among the others"
    )


class ObservedLeadTime(Strict):
    """How many days goods took from order to receipt."""

    mean: Days
    sigma: Days
    receipts: Annotated[int, Field(ge=1)]


class ObservedPlace(Strict):
    """What was observed of an item at a location; null is what nobody could observe."""

    sku: Sku
    location: LocationCode
    demand: ObservedDemand | None = None
    lead_time: ObservedLeadTime | None = None


class ObserveReplenishment(Command):
    """Note what was observed of places, in the place of what was observed before."""

    TYPE: ClassVar[str] = "replenishment.observe"
    MODULE: ClassVar[str] = "planning"

    lines: Annotated[list[ObservedPlace], Field(min_length=1, max_length=OBSERVED_MAX)]
