"""What happened to stock: it was counted or corrected, it moved, and its levels are what they are."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.base import Strict
from schemas.events.base import MOVING, Conversion, Event
from schemas.serials import Serials


class _OneLevelChanged(Event):
    """What a count and a correction have in common."""

    id: str
    sku: str
    location: str
    lot: str | None
    difference: str
    on_hand: str
    conversions: list[Conversion] = Field(
        default=[], description="of what was said in another unit than the base unit"
    )


class SerialsChange(Strict):
    """Serials of an item that are alike now, and which version of each that is.

    `versions` are pairs: how many of the serials, in their order, and the version of these.
    """

    sku: str
    status: Literal[
        "in_stock", "in_transit", "shipped", "in_production", "scrapped", "lost", "sent_back"
    ]
    location: str | None
    document: str
    reservation_id: str | None
    serials: Serials
    versions: list[tuple[int, int]]


class SerialsChanged(Event):
    """The whole new state of the serials that a command moved, promised or gave back."""

    TYPE: ClassVar[str] = "stock.serials.changed"
    MODULES: ClassVar[tuple[str, ...]] = ("stock", "reservations", "transfers", "receiving")

    changes: list[SerialsChange]


class StockRecorded(_OneLevelChanged):
    """A count was recorded, whether or not the books agreed with it.

    Of an item tracked by serial it says which units the books lacked, and which were not there.
    """

    TYPE: ClassVar[str] = "stock.recorded"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    counted: str
    reason: str
    found: Serials | None = None
    missing: Serials | None = None


class StockAdjusted(_OneLevelChanged):
    """What is on hand was corrected by a difference."""

    TYPE: ClassVar[str] = "stock.adjusted"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    reason_code: str
    unit_cost: str | None
    serials: Serials | None = None


class IssuedLine(Strict):
    """How much of one lot of one item left."""

    line: int
    sku: str
    location: str
    lot: str | None
    quantity: str
    serials: Serials | None = None


class Destruction(Strict):
    """How goods were destroyed, and who saw it beside whoever told of it."""

    witness_id: str
    method: str
    certificate: str | None


class StockIssued(Event):
    """Stock left that was promised to nobody."""

    TYPE: ClassVar[str] = "stock.issued"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    id: str
    to: Literal["customer", "production", "scrap", "loss", "vendor"]
    reason_code: str
    reference: str | None
    receipt_id: str | None = Field(default=None, description="by which it had come in")
    lines: list[IssuedLine]
    destruction: Destruction | None = None
    conversions: list[Conversion] = Field(
        default=[], description="of what was said in another unit than the base unit"
    )


class Entry(Strict):
    """One quantity that left one account and entered another; `@...` is a virtual place.

    Of an item tracked by serial `serials` are its units, as many as the quantity.
    """

    entry: int
    sku: str
    lot: str | None
    serial: str | None
    from_account: str
    to_account: str
    quantity: str
    unit_cost: str | None
    reason: str
    document: str
    effective_at: AwareDatetime | None = None
    serials: Serials | None = None


class StockMoved(Event):
    """A command's entries in the ledger; of some thousands, a part of them."""

    TYPE: ClassVar[str] = "stock.moved"
    MODULES: ClassVar[tuple[str, ...]] = MOVING

    actor_id: str
    entries: list[Entry]


class LevelChanged(Event):
    """A level's whole new state; told once a batch, however many commands touched it."""

    TYPE: ClassVar[str] = "stock.level.changed"
    MODULES: ClassVar[tuple[str, ...]] = MOVING

    sku: str
    location: str
    lot: str | None
    on_hand: str
    reserved: str
    held: str
    incoming: str
    available: str
    version: int
