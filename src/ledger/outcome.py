"""What a decision says should change, or why nothing may: all that a command can come to. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from ledger.bin_stock import BinHold, BinLevel, BinMove
from ledger.costing import CostFact
from ledger.documents import Document
from ledger.serial_unit import Serial

# Virtual places: where stock comes from and goes to when it is at none of our locations.
# A location's code never starts with `@` (schemas.base.LocationCode).
VENDOR: Final = "@vendor"
CUSTOMER: Final = "@customer"
TRANSIT: Final = "@transit"
PRODUCTION: Final = "@production"
LOSS: Final = "@loss"
SCRAP: Final = "@scrap"
CORRECTION: Final = "@correction"  # between a mistyped lot and its own


class Movement(NamedTuple):
    """A quantity that leaves one account as it enters another. Never changed, never deleted."""

    sku: str
    lot: str
    serials: tuple[str, ...]  # its units, as many as the quantity, where each has a serial
    from_account: str
    to_account: str
    quantity: Decimal
    unit_cost: Decimal | None
    reason: str
    document: str
    effective_at: str | None = None  # where that was before it was posted


class Commitment(NamedTuple):
    """A change of what is promised, held or expected at one location and lot; below zero, less."""

    sku: str
    location: str
    lot: str
    quantity: Decimal
    of: Literal["reserved", "held", "incoming"] = "reserved"


class Event(NamedTuple):
    """A fact to tell. Data of None stands for the body of the result beside it."""

    type: str
    subject: str
    sequence: int
    data: dict[str, Any] | None = None


@dataclass(slots=True)
class Applied:
    """A command that took effect, and all that it changes."""

    code: int
    resource: tuple[str, str]
    body: dict[str, Any]
    events: tuple[Event, ...] = ()
    documents: tuple[Document, ...] = ()
    movements: tuple[Movement, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    costs: tuple[CostFact, ...] = ()
    serials: tuple[Serial, ...] = ()  # each as it is then, at most once
    bin_moves: tuple[BinMove, ...] = ()
    bin_holds: tuple[BinHold, ...] = ()
    bin_levels: tuple[BinLevel, ...] = ()  # each as it is then, at most once


@dataclass(slots=True)
class Rejected:
    """A command that was refused, as RFC 9457 members; it changes nothing."""

    code: int
    problem: dict[str, Any]


Outcome = Applied | Rejected
