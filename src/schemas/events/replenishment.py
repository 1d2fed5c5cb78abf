"""What happened to replenishment; each event carries the whole policy, or observation, as it then stands."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event


class Policy(Strict):
    """How a place is replenished; null says nothing of it."""

    kind: Literal["reorder-point", "min-max", "fixed-quantity", "lot-for-lot", "none"]
    reorder_point: str | None
    maximum: str | None
    quantity: str | None
    order_multiple: str | None
    order_min: str | None
    order_max: str | None
    safety_stock: str | None
    service_level: str | None
    demand_mean: str | None
    demand_sigma: str | None
    lead_time_mean: str | None
    lead_time_sigma: str | None
    version: int


class ReplenishmentPolicySet(Event, Policy):
    """Somebody said how an item is replenished at a location."""

    TYPE: ClassVar[str] = "replenishment.policy.set"
    MODULES: ClassVar[tuple[str, ...]] = ("planning",)

    sku: str
    location: str


class Demand(Strict):
    """What was asked for a day."""

    mean: str
    sigma: str
    days: int
    stock_out_days: int


class LeadTime(Strict):
    """How many days goods took from order to receipt."""

    mean: str
    sigma: str
    receipts: int


class ReplenishmentObserved(Event):
    """What was observed of an item at a location; null is what nobody could observe."""

    TYPE: ClassVar[str] = "replenishment.observed"
    MODULES: ClassVar[tuple[str, ...]] = ("planning",)

    sku: str
    location: str
    demand: Demand | None
    lead_time: LeadTime | None
    observed_at: AwareDatetime
    version: int
