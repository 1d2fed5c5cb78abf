"""What happened to stock: it was counted or corrected, it moved, and its levels are what they are."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.base import Strict
from schemas.events.base import Conversion, Event


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


class StockRecorded(_OneLevelChanged):
    """A count was recorded, whether or not the books agreed with it."""

    TYPE: ClassVar[str] = "stock.recorded"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    counted: str
    reason: str


class StockAdjusted(_OneLevelChanged):
    """What is on hand was corrected by a difference."""

    TYPE: ClassVar[str] = "stock.adjusted"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    reason_code: str
    unit_cost: str | None


class IssuedLine(Strict):
    """How much of one lot of one item left."""

    line: int
    sku: str
    location: str
    lot: str | None
    quantity: str


class StockIssued(Event):
    """Stock left that was promised to nobody."""

    TYPE: ClassVar[str] = "stock.issued"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    id: str
    to: Literal["customer", "production", "scrap", "loss"]
    reason_code: str
    reference: str | None
    lines: list[IssuedLine]
    conversions: list[Conversion] = Field(
        default=[], description="of what was said in another unit than the base unit"
    )


class Entry(Strict):
    """One quantity that left one account and entered another; `@...` is a virtual place."""

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


class StockMoved(Event):
    """A command's entries in the ledger; of some thousands, a part of them."""

    TYPE: ClassVar[str] = "stock.moved"
    MODULES: ClassVar[tuple[str, ...]] = (
        "stock",
        "reservations",
        "transfers",
        "receiving",
        "counting",
        "manufacturing",
    )

    actor_id: str
    entries: list[Entry]


class LevelChanged(Event):
    """A level's whole new state; told once a batch, however many commands touched it."""

    TYPE: ClassVar[str] = "stock.level.changed"
    MODULES: ClassVar[tuple[str, ...]] = (
        "stock",
        "reservations",
        "transfers",
        "receiving",
        "counting",
        "manufacturing",
    )

    sku: str
    location: str
    lot: str | None
    on_hand: str
    reserved: str
    held: str
    incoming: str
    available: str
    version: int
