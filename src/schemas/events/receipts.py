"""What happened to receipts."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.base import Strict
from schemas.events.base import Conversion, Event
from schemas.serials import Serials


class Line(Strict):
    """How much of one item, and of which lot, came in where."""

    line: int
    sku: str
    location: str
    lot: str | None
    quantity: str
    unit_cost: str | None
    serials: Serials | None = None


class Receipt(Event):
    """A receipt as it stands. Those told before costs were kept have no version and no effective_at."""

    receipt_id: str
    source: Literal["vendor", "customer", "production"]
    reference: str | None
    lines: list[Line]
    vendor_id: str | None = None
    ordered_at: AwareDatetime | None = None
    promised_at: AwareDatetime | None = None
    effective_at: AwareDatetime | None = None
    conversions: list[Conversion] = Field(
        default=[], description="of what was said in another unit than the base unit"
    )
    created_at: AwareDatetime
    version: int = 1


class ReceiptPosted(Receipt):
    """Goods came in and are in stock."""

    TYPE: ClassVar[str] = "receipt.posted"
    MODULES: ClassVar[tuple[str, ...]] = ("receiving",)


class ReceiptPriceCorrected(Receipt):
    """What a line of a receipt cost is known, or known better."""

    TYPE: ClassVar[str] = "receipt.price.corrected"
    MODULES: ClassVar[tuple[str, ...]] = ("costing",)
