"""The ledger in memory: what a batch has loaded, and what its commands have changed so far. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.bin_stock import Bin, BinKey, Shelves
from ledger.costing import CostMethod, Period, Receipt
from ledger.counting import Count, CountLine, Frozen, note
from ledger.documents import Document, Hold, Item, Location, Lot, Reservation, Transfer
from ledger.kept import KEPT_IN
from ledger.level import Level, LevelKey
from ledger.making import CustomerReturn, Link, Production, Recipe
from ledger.outcome import Applied
from ledger.replenishing import Observation, Policies, Recommendations
from ledger.rules import EVERYWHERE, NO_RULES, Policy, Rules, effective
from ledger.serial_unit import Serial, SerialKey
from ledger.tracing import LotKey, Passage, Trace, note_passages
from schemas.base import ZERO

Moment = tuple[str, str, str, str, datetime]
"""A level at a moment: tenant, item, location, lot, and when."""


class Since(NamedTuple):
    """What has moved at a level since a moment: how much on balance, and whether by correction."""

    net: Decimal = ZERO
    corrected: bool = False


class Written(NamedTuple):
    """A document that a batch has changed, and the actor who changed it last."""

    document: Document
    actor_id: str


@dataclass(slots=True)
class Book:
    """What a batch knows and has decided so far; each applied command moves it on."""

    now: datetime
    at: str  # now, as messages write it
    places: dict[tuple[str, str, str], dict[str, Level]] = field(default_factory=dict)
    in_part: Collection[tuple[str, str, str]] = ()
    """The places of which lots with nothing left were not loaded, unless they were named."""
    named_levels: Collection[tuple[str, str, str, str]] = ()
    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    inactive: set[tuple[str, str]] = field(default_factory=set)
    """Those of the items that may not be promised or bought, whether or not they were loaded."""
    barcodes: dict[tuple[str, str], str] = field(default_factory=dict)
    """The item that a code belongs to, by (tenant, code)."""
    with_variants: set[tuple[str, str]] = field(default_factory=set)
    """The items that others are variants of."""
    locations: dict[tuple[str, str], Location] = field(default_factory=dict)
    lots: dict[tuple[str, str, str], Lot] = field(default_factory=dict)
    policies: dict[tuple[str, str, str], Policy] = field(default_factory=dict)
    holds: dict[tuple[str, str], Hold] = field(default_factory=dict)
    transfers: dict[tuple[str, str], Transfer] = field(default_factory=dict)
    counts: dict[tuple[str, str], Count] = field(default_factory=dict)
    frozen: Frozen = field(default_factory=dict)
    count_lines: dict[tuple[str, str, str, str, str], CountLine] = field(default_factory=dict)
    since: dict[Moment, Since] = field(default_factory=dict)
    """What has moved since a line was counted, where anything has; of counts to be posted."""
    stocked: set[tuple[str, str, str]] = field(default_factory=set)
    """Lots that were found where they were not, and that had stock somewhere else."""
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    cost_methods: dict[tuple[str, str], CostMethod] = field(default_factory=dict)
    periods: dict[tuple[str], Period] = field(default_factory=dict)
    reservations: dict[tuple[str, str], Reservation] = field(default_factory=dict)
    recipes: dict[tuple[str, str], Recipe] = field(default_factory=dict)
    productions: dict[tuple[str, str], Production] = field(default_factory=dict)
    links: dict[tuple[str, ...], Link] = field(default_factory=dict)
    returns: dict[tuple[str, str], CustomerReturn] = field(default_factory=dict)
    replenishments: Policies = field(default_factory=Policies)
    observations: dict[tuple[str, str, str], Observation] = field(default_factory=dict)
    recommendations: Recommendations = field(default_factory=Recommendations)
    traces: dict[LotKey, Trace] = field(default_factory=dict)
    """Of the lots that are being recalled: all that was made of them."""
    passages: dict[LotKey, list[Passage]] = field(default_factory=dict)
    serials: dict[SerialKey, Serial] = field(default_factory=dict)
    bound_to: dict[LevelKey, dict[tuple[str, str], None]] = field(default_factory=dict)
    """The reservations of any lot that have, or had, a lot of their own for now, by its level."""
    bins: dict[BinKey, Bin] = field(default_factory=dict)
    shelves: Shelves = field(default_factory=Shelves)
    stored: set[tuple[str, str]] = field(default_factory=set)
    """The reservations that the database has: those that were loaded."""
    named: set[SerialKey] = field(default_factory=set)  # those that the database has
    touched: dict[LevelKey, Level] = field(default_factory=dict)
    limited: dict[LevelKey, Level] = field(default_factory=dict)
    """Those of the touched whose limits a policy has changed."""
    rebinned: set[LevelKey] = field(default_factory=set)
    """Those of the touched of which more or less lies in bins than before."""
    moved_serials: dict[SerialKey, Serial] = field(default_factory=dict)
    written: dict[tuple[type[Document], tuple[str, ...]], Written] = field(default_factory=dict)
    """By kind and key what the batch leaves behind: the last writing of each wins."""

    def enter(self, levels: Iterable[Level]) -> None:
        """Take levels in as loaded."""
        for level in levels:
            tenant_id, sku, location, lot = level.key
            self.places.setdefault((tenant_id, sku, location), {})[lot] = level

    def levels(self, tenant_id: str, sku: str, location: str) -> dict[str, Level]:
        """The item's levels at the location, by lot; none where it never was."""
        return self.places.get((tenant_id, sku, location), {})

    def level(self, tenant_id: str, sku: str, location: str, lot: str) -> Level:
        """The one level; empty where there never was stock.

        Raises:
            LookupError: whoever decides has not said that it needs the level.
        """
        found = self.levels(tenant_id, sku, location).get(lot)
        if found:
            return found
        new = Level(LevelKey(tenant_id, sku, location, lot))
        if lot and new.key[:3] in self.in_part and new.key not in self.named_levels:
            raise LookupError(f"lot {lot} of {sku} at {location} may be there, and was not loaded")
        if self.policies:
            self._limit(new)
        return new

    def rules(self, tenant_id: str, sku: str, location: str) -> Rules:
        """What holds for an item at a location, as far as its policies were loaded."""
        if not self.policies:
            return NO_RULES
        own = self.policies.get((tenant_id, sku, location))
        return effective(own, self.policies.get((tenant_id, sku, EVERYWHERE)))

    def _limit(self, level: Level) -> bool:
        """Give a level the limits that hold for it; whether that changed any."""
        before = level.backorder_limit, level.negative_limit
        rules = self.rules(*level.key[:3])
        level.backorder_limit, level.negative_limit = rules[:2]
        return before != rules[:2]

    def by_serial(self, tenant_id: str, sku: str) -> bool:
        """Whether each unit of an item that was loaded is a serial."""
        item = self.items.get((tenant_id, sku))
        return item is not None and item.track_by == "serial"

    def today(self, tenant_id: str, location: str) -> date:
        """The day that it is at a location."""
        return self.now.astimezone(ZoneInfo(self.locations[tenant_id, location].time_zone)).date()

    def apply(self, tenant_id: str, actor_id: str, applied: Applied) -> None:
        """Let an applied command take effect on all that is decided after it."""
        for document in applied.documents:
            self._write(document, actor_id)
        for serial in applied.serials:
            self.serials[serial.key] = self.moved_serials[serial.key] = serial
        for sku, location, lot, quantity, of in applied.commitments:
            level = self._touch(tenant_id, sku, location, lot)
            if of == "reserved":
                level.reserved += quantity
            elif of == "held":
                level.held += quantity
            else:
                level.incoming += quantity
        for movement in applied.movements:
            sku, lot, quantity = movement.sku, movement.lot, movement.quantity
            if not movement.from_account.startswith("@"):
                self._touch(tenant_id, sku, movement.from_account, lot).on_hand -= quantity
            if not movement.to_account.startswith("@"):
                self._touch(tenant_id, sku, movement.to_account, lot).on_hand += quantity
        if applied.bin_levels or self.traces:
            self._carry(tenant_id, applied)

    def _carry(self, tenant_id: str, applied: Applied) -> None:
        """What few commands do beside: they move what lies in bins, or what is being recalled."""
        for each in applied.bin_levels:
            self._touch(*each.level).binned += self.shelves.change(each)
            self.rebinned.add(each.level)
        if self.traces:
            note_passages(self.passages, tenant_id, applied.movements)

    def _touch(self, tenant_id: str, sku: str, location: str, lot: str) -> Level:
        level = self.level(tenant_id, sku, location, lot)
        if level.key not in self.touched:
            if not level.version:
                level.by_serial = self.by_serial(tenant_id, sku)
            self.touched[level.key] = level
            self.enter((level,))
        return level

    def _write(self, document: Document, actor_id: str) -> None:
        kind, key = type(document), document.key
        if isinstance(document, Reservation):
            if document.choices:
                self.note_bound(document)
        elif isinstance(document, Item):
            self._describe(document)
        elif isinstance(document, Policy):
            self.policies[document.key] = document
            self._let_hold(document)
        elif isinstance(document, Count) and document.frozen:
            note(self.frozen, document)
        getattr(self, KEPT_IN[kind])[key] = document
        self.written[kind, key] = Written(document, actor_id)

    def _let_hold(self, policy: Policy) -> None:
        """Change the limits of the levels that a policy bears on."""
        for (tenant_id, sku, _), levels in list(self.places.items()):
            for level in levels.values() if (tenant_id, sku) == policy.key[:2] else ():
                if self._limit(level):
                    self.limited[self._touch(*level.key).key] = level

    def _describe(self, item: Item) -> None:
        """Let what else is known of items follow from a new description."""
        tenant_id, sku = item.key
        self.note_active((item,))
        for code in [each for each, owner in self.barcodes.items() if owner == sku]:
            if code[0] == tenant_id:
                del self.barcodes[code]
        self.barcodes |= {(tenant_id, each.code): sku for each in item.barcodes}
        if item.variant_of:
            self.with_variants.add((tenant_id, item.variant_of))

    def note_bound(self, reservation: Reservation) -> None:
        """Note to which levels a reservation is bound that would have taken any lots."""
        for choice in reservation.choices:
            for lot in choice.get("any_lot", ()):
                key = LevelKey(reservation.tenant_id, choice["sku"], choice["location"], lot)
                self.bound_to.setdefault(key, {})[reservation.key] = None

    def note_active(self, items: Iterable[Item]) -> None:
        """Note of items whether they are active."""
        for item in items:
            (self.inactive.discard if item.active else self.inactive.add)(item.key)
