"""What happened to recommendations; each event carries the whole one, with its arithmetic."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event
from schemas.events.replenishment import Policy

PLANNING = ("planning",)


class Stock(Strict):
    """What there was at the place, and what was to come."""

    on_hand: str
    reserved: str
    held: str
    unusable: str
    incoming: str
    accepted: str
    available: str
    projected: str


class LevelRead(Strict):
    """A level that was added up, as it was in that version."""

    lot: str | None
    version: int


class Figures(Strict):
    """Mean and standard deviation of a demand a day or of a lead time in days, and who said so."""

    mean: str
    sigma: str
    said_by: Literal["policy", "observation"]
    days: int | None = None
    stock_out_days: int | None = None
    receipts: int | None = None


class Step(Strict):
    """A rule that was applied to an order, and what it then came to."""

    rule: Literal["need", "rest", "quantity", "order_min", "order_multiple", "order_max"]
    comes_to: str


class Order(Strict):
    """One of the recommended orders, or several that are alike."""

    times: int
    quantity: str
    steps: list[Step]


class Arithmetic(Strict):
    """What was reckoned with, and what came of it."""

    policy: Policy
    unit: str
    stock: Stock
    levels: list[LevelRead]
    demand: Figures | None
    lead_time: Figures | None
    z: str | None
    safety_stock: str
    lead_demand: str | None
    point: str
    status: Literal["stock-out", "low-stock", "reorder", "in-stock", "overstock"]
    need: str
    orders: list[Order]


class Recommendation(Event):
    """A recommendation as it stands."""

    MODULES: ClassVar[tuple[str, ...]] = PLANNING

    recommendation_id: str
    sku: str
    location: str
    status: Literal["open", "accepted", "dismissed", "settled", "withdrawn"]
    quantity: str
    arithmetic: Arithmetic
    reason: str | None
    reference: str | None
    created_at: AwareDatetime
    version: int


class RecommendationCreated(Recommendation):
    """Something should be ordered."""

    TYPE: ClassVar[str] = "recommendation.created"


class RecommendationRefreshed(Recommendation):
    """The arithmetic comes to something else by now."""

    TYPE: ClassVar[str] = "recommendation.refreshed"


class RecommendationWithdrawn(Recommendation):
    """There is no need any more; the arithmetic is that of before."""

    TYPE: ClassVar[str] = "recommendation.withdrawn"


class RecommendationClosed(Recommendation):
    """Somebody accepted, dismissed or settled it."""

    TYPE: ClassVar[str] = "recommendation.closed"


class Told(Strict):
    """A recommendation that a run made, refreshed or withdrew."""

    recommendation_id: str
    sku: str
    location: str
    quantity: str


class Withdrawn(Told):
    """One for which there is no need any more, and why."""

    because: str


class Skipped(Strict):
    """A place of which nothing changed, and why; a null location stands for all of an item."""

    sku: str
    location: str | None
    because: str
    recommendation_id: str | None = None


class Place(Strict):
    """An item at a location."""

    sku: str
    location: str


class RecommendationsGenerated(Event):
    """Places were looked through; the recommendations that changed are told beside this."""

    TYPE: ClassVar[str] = "recommendations.generated"
    MODULES: ClassVar[tuple[str, ...]] = PLANNING

    run_id: str
    considered: int
    created: list[Told]
    refreshed: list[Told]
    withdrawn: list[Withdrawn]
    skipped: list[Skipped]
    next: Place | None
    created_at: AwareDatetime
