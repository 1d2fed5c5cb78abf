"""The documents of replenishment: how a place is replenished, what was observed, what is recommended. Pure."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from schemas.base import shown

Place = tuple[str, str, str]
"""Tenant, item and location."""


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

    @property
    def place(self) -> Place:
        """What it is for."""
        return self.tenant_id, self.sku, self.location


class Scope(NamedTuple):
    """Which places recommendations are asked for: those of items and locations, behind a place."""

    tenant_id: str
    skus: tuple[str, ...] | None  # None: all
    locations: tuple[str, ...] | None
    after: tuple[str, str]  # an item and a location; empty ones are before all others

    def has(self, place: Place) -> bool:
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


class Places:
    """Places in order, by item and then location: a batch may ask for many scopes of them."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._ordered = sorted(places)

    def add(self, place: Place) -> None:
        """One that is not among them yet."""
        insort(self._ordered, place)

    def within(self, scope: Scope, at_most: int) -> list[Place]:
        """The first places of a scope."""
        starts = [(sku, "") for sku in scope.skus] if scope.skus else [scope.after]
        found = (place for start in starts for place in self._behind(start, scope))
        return list(islice(found, at_most))

    def _behind(self, start: tuple[str, str], scope: Scope) -> Iterator[Place]:
        """Those of the scope behind an item and location: of that item alone where items are named."""
        first = bisect_left(self._ordered, (scope.tenant_id, *start))
        for number in range(first, len(self._ordered)):
            place = self._ordered[number]
            if place[0] != scope.tenant_id or (scope.skus and place[1] != start[0]):
                return
            if scope.has(place):
                yield place


class Policies(dict[Place, Replenishment]):
    """Policies by their places, and those in order."""

    def __init__(self, found: Mapping[Place, Replenishment] | None = None) -> None:
        super().__init__(found or {})
        self.places = Places(self)

    def __setitem__(self, place: Place, policy: Replenishment) -> None:
        if place not in self:
            self.places.add(place)
        super().__setitem__(place, policy)


class Recommendations(dict[tuple[str, str], Recommendation]):
    """Recommendations by (tenant, id), and by the places that they are for."""

    def __init__(self, found: Iterable[Recommendation] = ()) -> None:
        super().__init__()
        self._for: dict[Place, dict[str, Recommendation]] = {}
        for each in found:
            self[each.key] = each

    def __setitem__(self, key: tuple[str, str], recommendation: Recommendation) -> None:
        super().__setitem__(key, recommendation)
        named = self._for.setdefault(recommendation.place, {})
        named[recommendation.recommendation_id] = recommendation

    def standing(self, place: Place, status: str) -> list[Recommendation]:
        """Those of a status for a place."""
        return [each for each in self._for.get(place, {}).values() if each.status == status]
