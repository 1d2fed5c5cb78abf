"""What happened to receipts."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event


class Line(Strict):
    """How much of one item, and of which lot, came in where."""

    line: int
    sku: str
    location: str
    lot: str | None
    quantity: str
    unit_cost: str | None


class ReceiptPosted(Event):
    """Goods came in and are in stock."""

    TYPE: ClassVar[str] = "receipt.posted"
    MODULES: ClassVar[tuple[str, ...]] = ("receiving",)

    receipt_id: str
    source: Literal["vendor", "customer", "production"]
    reference: str | None
    lines: list[Line]
    created_at: AwareDatetime
