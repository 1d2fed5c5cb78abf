"""What the ledger keeps beside the stock itself: described things, promises and holds. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ledger.bin_stock import Bin
from ledger.costing import CostMethod, Period, Receipt
from ledger.counting import Count, CountLine
from ledger.making import CustomerReturn, Link, Production, Recipe
from ledger.replenishing import Observation, Recommendation, Replenishment
from ledger.rules import Policy
from schemas.base import ZERO, plain


class Unit(NamedTuple):
    """Another unit of an item: one of it is exactly `factor` base units."""

    code: str
    factor: Decimal
    level: int | None  # of packaging; 1 is the innermost

    @property
    def told(self) -> dict[str, Any]:
        """As bodies show it and the table keeps it."""
        return {"code": self.code, "factor": plain(self.factor), "level": self.level}


class Barcode(NamedTuple):
    """A code of an item, in the form in which it is looked up; of its base unit where unit is None."""

    code: str
    unit: str | None
    symbology: str  # gtin or other


class Item(NamedTuple):
    """A catalog item."""

    tenant_id: str
    sku: str
    name: str
    uom: str
    track_by: str
    barcode: str | None
    version: int
    active: bool = True
    rounding: str = "exact"  # or whole, or measured
    scale: int | None = None  # to how many decimals what is measured is rounded
    units: tuple[Unit, ...] = ()
    barcodes: tuple[Barcode, ...] = ()
    variant_of: str | None = None
    attributes: Mapping[str, str] = MappingProxyType({})

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its SKU."""
        return self.tenant_id, self.sku


class Location(NamedTuple):
    """A place of ours that holds stock. Its days begin and end by its time zone."""

    tenant_id: str
    code: str
    name: str
    time_zone: str
    version: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its code."""
        return self.tenant_id, self.code


class Lot(NamedTuple):
    """What is known of a lot, wherever it lies; the last day on which it is usable is `expires_on`."""

    tenant_id: str
    sku: str
    lot: str
    status: str  # active, quarantine or recalled
    reason: str | None  # of the status
    expires_on: date | None
    best_before_on: date | None
    remove_on: date | None
    alert_on: date | None
    version: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by: the tenant, and its item and code."""
        return self.tenant_id, self.sku, self.lot


GIVE_WAY_MAX: Final = 100
"""Promises of any lot that are looked at where one lot is wanted by name: the youngest."""


class ReservationLine(NamedTuple):
    """Part of a reservation: one lot of one item at one location.

    `line` is the number of the line that was asked for; one such line may be granted from
    several lots and then stands here once for each. Left to ship or give back:
    `reserved - released - consumed`. Of an item tracked by serial `serials` are those promised by
    name and left; none of them where any will do, and null of other items.
    """

    line: int
    sku: str
    location: str
    lot: str
    channel: str | None
    quantity: Decimal
    reserved: Decimal
    released: Decimal = ZERO
    consumed: Decimal = ZERO
    serials: tuple[str, ...] | None = None

    @property
    def left(self) -> Decimal:
        """What the line still holds."""
        return self.reserved - self.released - self.consumed


class Reservation(NamedTuple):
    """Stock promised to an order."""

    tenant_id: str
    reservation_id: str
    order_id: str
    status: str  # active, consumed, released or expired
    expires_at: datetime | None
    lines: tuple[ReservationLine, ...]
    shipments: tuple[dict[str, Any], ...]
    created_at: str
    version: int
    choices: tuple[dict[str, Any], ...] = ()
    """How the lots of its lines were chosen, where there were lots to choose from."""
    conversions: tuple[dict[str, Any], ...] = ()
    """What its lines said in other units than the base unit, and what that came to."""
    kits: tuple[dict[str, Any], ...] = ()
    """The lines that asked for kits: how many are left, and the lines of their components."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its id."""
        return self.tenant_id, self.reservation_id


class HoldLine(NamedTuple):
    """How much of one lot at one location was held, and how much of that was given back.

    Where it is of a bin, that is named.
    """

    location: str
    lot: str
    held: Decimal
    released: Decimal = ZERO
    bin: str | None = None

    @property
    def left(self) -> Decimal:
        """What the line still holds."""
        return self.held - self.released


class Hold(NamedTuple):
    """Stock of an item that is kept from everybody, for a reason."""

    tenant_id: str
    hold_id: str
    sku: str
    status: str  # active or released
    reason: str
    lines: tuple[HoldLine, ...]
    created_at: str
    version: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its id."""
        return self.tenant_id, self.hold_id


class TransferLine(NamedTuple):
    """One lot of one item that left, and what became of it. `line` is the line that was asked for.

    Of an item tracked by serial `serials` are those in transit; of others it is null.
    """

    line: int
    sku: str
    lot: str
    shipped: Decimal
    received: Decimal = ZERO
    lost: Decimal = ZERO
    returned: Decimal = ZERO
    serials: tuple[str, ...] | None = None

    @property
    def left(self) -> Decimal:
        """What is still in transit."""
        return self.shipped - self.received - self.lost - self.returned


class Transfer(NamedTuple):
    """Stock on its way from one location of ours to another."""

    tenant_id: str
    transfer_id: str
    from_location: str
    to_location: str
    status: str  # in_transit, received or closed
    reference: str | None
    reason: str | None  # why it was closed
    lines: tuple[TransferLine, ...]
    created_at: str
    version: int
    conversions: tuple[dict[str, Any], ...] = ()
    """What its lines said in other units than the base unit, and what that came to."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its id."""
        return self.tenant_id, self.transfer_id


Document = (
    Item
    | Location
    | Policy
    | Lot
    | Reservation
    | Hold
    | Transfer
    | Count
    | CountLine
    | Recipe
    | Production
    | Link
    | Receipt
    | CostMethod
    | Period
    | CustomerReturn
    | Replenishment
    | Observation
    | Recommendation
    | Bin
)
