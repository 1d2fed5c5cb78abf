"""The documents of replenishment: how a place is replenished, what was observed, what is recommended. Pure."""

from decimal import Decimal
from typing import Any, NamedTuple

from schemas.base import shown


class Replenishment(NamedTuple):
    """How an item is replenished at a location; `ledger.ordering` says what follows from it."""

    tenant_id: str
    sku: str
    location: str
    kind: str  # reorder-point, min-max, fixed-quantity, lot-for-lot or none
    reorder_point: Decimal | None
    maximum: Decimal | None
    quantity: Decimal | None
    order_multiple: Decimal | None
    order_min: Decimal | None
    order_max: Decimal | None
    safety_stock: Decimal | None
    service_level: Decimal | None  # percent of cycles without a stock-out
    demand_mean: Decimal | None  # a day
    demand_sigma: Decimal | None
    lead_time_mean: Decimal | None  # days
    lead_time_sigma: Decimal | None
    version: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by: the tenant, the item and the location."""
        return self.tenant_id, self.sku, self.location

    @property
    def told(self) -> dict[str, Any]:
        """As bodies show it, but for the place."""
        said = self._asdict()
        for name in ("tenant_id", "sku", "location"):
            del said[name]
        return {
            name: shown(value) if isinstance(value, Decimal) else value
            for name, value in said.items()
        }


class Demand(NamedTuple):
    """What was asked for a day, over the days on which there was something to have."""

    mean: Decimal
    sigma: Decimal
    days: int
    stock_out_days: int

    @property
    def told(self) -> dict[str, Any]:
        """As bodies show it and the table keeps it."""
        return {**self._asdict(), "mean": shown(self.mean), "sigma": shown(self.sigma)}


class LeadTime(NamedTuple):
    """How many days goods took from order to receipt, over so many receipts."""

    mean: Decimal
    sigma: Decimal
    receipts: int

    @property
    def told(self) -> dict[str, Any]:
        """As bodies show it and the table keeps it."""
        return {**self._asdict(), "mean": shown(self.mean), "sigma": shown(self.sigma)}


class Observation(NamedTuple):
    """What was observed last of an item at a location; none of what nobody could observe."""

    tenant_id: str
    sku: str
    location: str
    demand: Demand | None
    lead_time: LeadTime | None
    observed_at: str
    version: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by: the tenant, the item and the location."""
        return self.tenant_id, self.sku, self.location


class Recommendation(NamedTuple):
    """What should be ordered of an item for a location, with the arithmetic that says so."""

    tenant_id: str
    recommendation_id: str
    sku: str
    location: str
    status: str  # open, accepted, dismissed, settled or withdrawn
    quantity: Decimal
    arithmetic: dict[str, Any]
    reason: str | None
    reference: str | None
    created_at: str
    version: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its id."""
        return self.tenant_id, self.recommendation_id


class Scope(NamedTuple):
    """Which places recommendations are asked for: those of items and locations, behind a place."""

    tenant_id: str
    skus: tuple[str, ...] | None  # None: all
    locations: tuple[str, ...] | None
    after: tuple[str, str]  # an item and a location; empty ones are before all others

    def has(self, place: tuple[str, str, str]) -> bool:
        """Whether a (tenant, item, location) place is asked for."""
        tenant_id, sku, location = place
        return (
            tenant_id == self.tenant_id
            and (self.skus is None or sku in self.skus)
            and (self.locations is None or location in self.locations)
            and (sku, location) > self.after
        )


PLACES_MAX = 500
"""So many places one command decides, the first of its scope by item and location."""
