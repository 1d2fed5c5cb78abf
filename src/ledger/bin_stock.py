"""Bins in memory: what they are, what lies in them, and what a command carries between them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ledger.level import LevelKey
from schemas.base import ZERO, shown

LOOSE: Final = ""
"""The bin of stock that is on hand at a location and in no bin; a key column takes no null."""

BinKey = tuple[str, str, str]
"""Tenant, location and bin."""


class BinRule(NamedTuple):
    """What a bin takes: one item, all with certain attributes, or anything if neither is named."""

    sku: str | None
    attributes: Mapping[str, str] | None
    priority: int | None  # None: the bin's own
    capacity: Decimal | None  # of each such item; None: what the bin has room for

    def fits(self, sku: str, attributes: Mapping[str, str]) -> bool:
        """Whether an item is one of those that it speaks of."""
        if self.sku is not None:
            return self.sku == sku
        return all(attributes.get(name) == value for name, value in (self.attributes or {}).items())

    @property
    def told(self) -> dict[str, Any]:
        """As bodies show it and the table keeps it."""
        return {
            "sku": self.sku,
            "attributes": None if self.attributes is None else dict(self.attributes),
            "priority": self.priority,
            "capacity": None if self.capacity is None else shown(self.capacity),
        }


def read_rules(told: Iterable[Mapping[str, Any]] | None) -> tuple[BinRule, ...] | None:
    """The rules that were told so."""
    if told is None:
        return None
    return tuple(
        BinRule(
            each["sku"],
            each["attributes"],
            each["priority"],
            None if each["capacity"] is None else Decimal(each["capacity"]),
        )
        for each in told
    )


class Bin(NamedTuple):
    """A place within a location."""

    tenant_id: str
    location: str
    bin: str
    zone: str | None
    priority: int  # the lowest is filled first
    capacity: Decimal | None  # of all that lies in it, in base units
    takes: tuple[BinRule, ...] | None  # None: anything
    blocked: bool  # nothing more is put into it
    version: int

    @property
    def key(self) -> BinKey:
        """What it is known by: the tenant, its location and its code."""
        return self.tenant_id, self.location, self.bin

    def rule(self, sku: str, attributes: Mapping[str, str]) -> BinRule | None:
        """What holds for an item in it, the narrowest of its rules; None if it takes none of that."""
        if self.takes is None:
            return BinRule(None, None, None, None)
        fitting = (rule for rule in self.takes if rule.fits(sku, attributes))
        return min(
            fitting, key=lambda rule: (rule.sku is None, -len(rule.attributes or {})), default=None
        )


class BinLevel(NamedTuple):
    """What lies in one bin of one lot of an item, and how much of that is held.

    Less may lie there than is held, where more had to leave than was free.
    """

    tenant_id: str
    sku: str
    location: str
    lot: str
    bin: str
    on_hand: Decimal = ZERO
    held: Decimal = ZERO
    version: int = 0

    @property
    def level(self) -> LevelKey:
        """The level that it is a part of."""
        return LevelKey(*self[:4])

    @property
    def key(self) -> tuple[str, ...]:
        """What it is known by: its level, and the bin."""
        return self[:5]


class BinMove(NamedTuple):
    """A quantity that leaves one bin for another of its location. Never changed, never deleted."""

    sku: str
    location: str
    lot: str
    from_bin: str
    to_bin: str
    quantity: Decimal
    document: str


class BinHold(NamedTuple):
    """A change of what is held of one lot of an item in a bin; below zero, less."""

    sku: str
    location: str
    lot: str
    bin: str
    quantity: Decimal


@dataclass(slots=True)
class Shelves:
    """What a batch knows of the stock in bins, as far as it has got."""

    levels: dict[LevelKey, dict[str, BinLevel]] = field(default_factory=dict)
    filled: dict[BinKey, Decimal] = field(default_factory=dict)
    """How much lies in bins, of all items. It is loaded of those that something may be put into; of
    others it says by how much this batch has changed them, and nobody asks."""
    moved: dict[tuple[str, ...], BinLevel] = field(default_factory=dict)

    def enter(self, levels: Iterable[BinLevel]) -> None:
        """Take in what lies in bins, as loaded."""
        for each in levels:
            self.levels.setdefault(each.level, {})[each.bin] = each

    def at(self, key: LevelKey, code: str) -> BinLevel:
        """What lies of a level in a bin; nothing where none ever did."""
        return self.levels.get(key, {}).get(code) or BinLevel(*key, code)

    def change(self, new: BinLevel) -> Decimal:
        """Let what lies in a bin be as given; by how much that is more than before."""
        more = new.on_hand - self.at(new.level, new.bin).on_hand
        self.enter((new,))
        self.moved[new.key] = new
        place = (new.tenant_id, new.location, new.bin)
        self.filled[place] = self.filled.get(place, ZERO) + more
        return more
