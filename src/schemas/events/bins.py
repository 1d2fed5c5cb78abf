"""What happened to bins: they were described, stock was carried between them, or put away."""

from typing import ClassVar

from pydantic import Field

from schemas.base import Strict
from schemas.events.base import MOVING, Conversion, Event


class Rule(Strict):
    """What a bin takes: one item, all with certain attributes, or anything if neither is named."""

    sku: str | None
    attributes: dict[str, str] | None
    priority: int | None
    capacity: str | None


class BinUpserted(Event):
    """A bin as it is described."""

    TYPE: ClassVar[str] = "bin.upserted"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    location: str
    bin: str
    zone: str | None
    priority: int
    capacity: str | None
    takes: list[Rule] | None
    blocked: bool
    version: int


class Carried(Strict):
    """How much of one lot of an item was carried; a null bin is loose stock, in none."""

    line: int
    sku: str
    lot: str | None
    quantity: str
    from_bin: str | None
    to_bin: str | None


class BinMoved(Event):
    """Stock was carried from bin to bin within a location."""

    TYPE: ClassVar[str] = "bin.moved"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    id: str
    location: str
    reason: str | None
    lines: list[Carried]
    conversions: list[Conversion] = Field(
        default=[], description="of what was said in another unit than the base unit"
    )


class Put(Strict):
    """How much went into a bin."""

    bin: str
    quantity: str


class PutLine(Strict):
    """What became of one line: where it was put, and what found no room."""

    line: int
    sku: str
    lot: str | None
    quantity: str
    placed: list[Put]
    unassigned: str


class PutawayPosted(Event):
    """Stock was put away."""

    TYPE: ClassVar[str] = "putaway.posted"
    MODULES: ClassVar[tuple[str, ...]] = ("receiving",)

    putaway_id: str
    location: str
    receipt_id: str | None
    from_bin: str | None
    zone: str | None
    lines: list[PutLine]


class Move(Strict):
    """A quantity that left one bin for another within a location; a null bin is loose stock."""

    entry: int
    sku: str
    location: str
    lot: str | None
    from_bin: str | None
    to_bin: str | None
    quantity: str
    document: str


class Level(Strict):
    """What lies in a bin of one lot of an item, and how much of that is held."""

    sku: str
    location: str
    lot: str | None
    bin: str
    on_hand: str
    held: str
    version: int


class BinsChanged(Event):
    """What a command carried between bins, and what lies in those then; of thousands, a part of them."""

    TYPE: ClassVar[str] = "stock.bins.changed"
    MODULES: ClassVar[tuple[str, ...]] = MOVING

    moves: list[Move]
    levels: list[Level]
