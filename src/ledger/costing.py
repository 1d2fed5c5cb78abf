"""The documents of costs: what came in, how items' values are kept, and which days are closed. Pure."""

from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple


class ReceiptLine(NamedTuple):
    """What came in of one lot of one item, and what a unit of it cost, once that is known."""

    line: int
    sku: str
    location: str
    lot: str
    quantity: Decimal
    unit_cost: Decimal | None
    serials: tuple[str, ...] | None = None


class Receipt(NamedTuple):
    """What came in together: what later charges and prices are of."""

    tenant_id: str
    receipt_id: str
    source: str  # vendor, customer or production
    reference: str | None
    lines: tuple[ReceiptLine, ...]
    effective_at: str
    created_at: str
    version: int
    vendor_id: str | None = None
    ordered_at: str | None = None
    promised_at: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its id."""
        return self.tenant_id, self.receipt_id


class CostMethod(NamedTuple):
    """How an item's values are kept."""

    tenant_id: str
    sku: str
    method: str  # average, fifo or standard
    standard_cost: Decimal | None
    version: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and the item's SKU."""
        return self.tenant_id, self.sku


class Period(NamedTuple):
    """Up to which day a tenant's books are closed, who may date anything back, and their currency."""

    tenant_id: str
    closed_until: date | None
    backdaters: tuple[str, ...]
    reason: str
    version: int
    currency: str | None = None  # by ISO 4217; once it is stated it stands

    @property
    def key(self) -> tuple[str]:
        """What it is known by: the tenant, who has one."""
        return (self.tenant_id,)


class CostFact(NamedTuple):
    """What was said of an item's costs, apart from its movements. Never changed, never deleted.

    `ledger.valuation.facts` says what each kind means.
    """

    sku: str
    kind: Literal["charge", "price", "revalue", "method"]
    from_account: str = ""
    location: str = ""
    unit_cost: Decimal | None = None
    amount: Decimal | None = None
    document: str = ""
    line: int = 0
    method: str | None = None
    effective_at: str | None = None  # where that was before it was said
