"""What happened to costs, and to the periods of the books."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event


class CostMethodSet(Event):
    """An item's values are kept another way from now on."""

    TYPE: ClassVar[str] = "cost.method.set"
    MODULES: ClassVar[tuple[str, ...]] = ("costing",)

    sku: str
    method: Literal["average", "fifo", "standard"]
    standard_cost: str | None
    version: int


class ChargedLine(Strict):
    """The share that a receipt's line has of a charge."""

    receipt_id: str
    line: int
    sku: str
    amount: str


class ChargeAdded(Event):
    """What goods cost beside their price was divided over what was received."""

    TYPE: ClassVar[str] = "cost.charge.added"
    MODULES: ClassVar[tuple[str, ...]] = ("costing",)

    charge_id: str
    amount: str
    basis: Literal["equal", "quantity", "amount", "weight", "volume", "manual"]
    reason: str
    reference: str | None
    lines: list[ChargedLine]
    created_at: AwareDatetime


class StockRevalued(Event):
    """What lies at a location is worth another amount a unit."""

    TYPE: ClassVar[str] = "stock.revalued"
    MODULES: ClassVar[tuple[str, ...]] = ("costing",)

    id: str
    sku: str
    location: str
    unit_cost: str
    reason: str
    created_at: AwareDatetime


class PeriodSet(Event):
    """The books were closed up to a day, or opened again; or their currency was stated."""

    TYPE: ClassVar[str] = "period.set"
    MODULES: ClassVar[tuple[str, ...]] = ("costing",)

    closed_until: date | None
    backdaters: list[str]
    reason: str
    version: int
    currency: str | None = None
