"""One balance in memory: what lies of one lot of one item at one location, and for whom. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from schemas.base import ZERO

NO_LOT: Final = ""
"""The lot of stock that is kept without one; a key column takes no null."""


class LevelKey(NamedTuple):
    """What one balance counts: one lot of one item at one location."""

    tenant_id: str
    sku: str
    location: str
    lot: str


@dataclass(slots=True)
class Level:
    """One balance, in the item's base unit, as far as the batch has got."""

    key: LevelKey
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    held: Decimal = ZERO
    incoming: Decimal = ZERO
    backorder_limit: Decimal = ZERO
    version: int = 0
    negative_limit: Decimal = ZERO
    by_serial: bool = False  # whether each of its units is a serial
    binned: Decimal = ZERO  # what of it lies in bins

    @property
    def available(self) -> Decimal:
        """What may still be promised: never below zero, unless the item allows backorders."""
        return self.on_hand - self.reserved - self.held + self.backorder_limit

    @property
    def loose(self) -> Decimal:
        """What lies there in no bin."""
        return max(self.on_hand, ZERO) - self.binned

    @property
    def free(self) -> Decimal:
        """What lies there for nobody: all that may leave. Below zero while promises wait for it."""
        return self.on_hand - self.reserved - self.held
