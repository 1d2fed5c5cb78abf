"""One unit of an item that is tracked by serial, as the ledger knows it. Pure."""

from typing import Final, NamedTuple

STATUSES: Final = {
    "@transit": "in_transit",
    "@customer": "shipped",
    "@production": "in_production",
    "@scrap": "scrapped",
    "@loss": "lost",
    "@vendor": "sent_back",
}
"""What a serial is that is at a virtual place; at one of our locations it is in stock."""
ACCOUNTS: Final = {status: account for account, status in STATUSES.items()}

SerialKey = tuple[str, str, str]
"""Tenant, item and serial."""


class Serial(NamedTuple):
    """One unit of an item tracked by serial, from when it first came in for its whole life."""

    tenant_id: str
    sku: str
    serial: str
    account: str  # where it is: one of our locations, or a virtual place
    document: str  # what moved it there
    reservation_id: str | None  # the one that it is promised to by name
    version: int

    @property
    def key(self) -> SerialKey:
        """What it is known by: the tenant, and its item and code."""
        return self.tenant_id, self.sku, self.serial
