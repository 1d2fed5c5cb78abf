"""Where stock is put away by rule: the bins that take it, in their order, as far as they have room. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush, merge
from typing import Final, NamedTuple

from ledger.bin_stock import Bin
from ledger.documents import Item
from schemas.base import ZERO

NO_END: Final = Decimal("Infinity")


class Wish(NamedTuple):
    """So much of an item is to be put away, in whole multiples of `step` if there is one."""

    item: Item
    quantity: Decimal
    step: Decimal | None = None


class Offer(NamedTuple):
    """What a bin offers an item: the least of several is taken up first."""

    priority: int
    less_room: Decimal  # its room as a negative: the most comes first
    bin: str

    @property
    def room(self) -> Decimal:
        """How much more of the item goes in."""
        return -self.less_room


class Placed(NamedTuple):
    """Where a wish went, bin by bin, and what of it found no room."""

    parts: tuple[tuple[str, Decimal], ...]
    unassigned: Decimal


@dataclass(slots=True)
class Room:
    """What lies in the bins of one location, with all that is planned to be put into them."""

    filled: dict[str, Decimal]  # by bin, of all items
    of_item: dict[tuple[str, str], Decimal]  # by bin and item, of all its lots

    def offer(self, into: Bin, item: Item) -> Offer | None:
        """What a bin offers an item; None if it takes none of that."""
        rule = None if into.blocked else into.rule(item.sku, item.attributes)
        if rule is None:
            return None
        whole = NO_END
        if into.capacity is not None:
            whole = into.capacity - self.filled.get(into.bin, ZERO)
        own = NO_END
        if rule.capacity is not None:
            own = rule.capacity - self.of_item.get((into.bin, item.sku), ZERO)
        return Offer(rule.priority or into.priority, -max(min(whole, own), ZERO), into.bin)

    def open_offer(self, into: Bin) -> Offer:
        """What a bin that takes anything offers any item."""
        if into.capacity is None:
            return Offer(into.priority, -NO_END, into.bin)
        return Offer(into.priority, self.filled.get(into.bin, ZERO) - into.capacity, into.bin)

    def add(self, code: str, sku: str, quantity: Decimal) -> None:
        """Note what is put into a bin, or what leaves it."""
        self.filled[code] = self.filled.get(code, ZERO) + quantity
        self.of_item[code, sku] = self.of_item.get((code, sku), ZERO) + quantity


def step_of(item: Item, factor: Decimal | None = None) -> Decimal | None:
    """Of what only whole ones are put into a bin: the unit that was named, or a whole base unit."""
    if factor is not None:
        return factor
    return Decimal(1) if item.rounding == "whole" else None


class Putaway:
    """Puts wishes away, one after the other; what one has put the next one counts.

    The lowest priority is filled first; of equals the bin with most room; of these, the first by its
    code. The same wishes over the same bins come to the same places. Of thousands of bins only those
    are looked at that are filled, or that have rules of their own: what takes anything stands in a heap.
    """

    def __init__(self, bins: Iterable[Bin], room: Room) -> None:
        self._room = room
        self._anything: dict[str, Bin] = {}
        self._of_item: defaultdict[str, list[Bin]] = defaultdict(list)
        self._of_kinds: list[Bin] = []
        for each in bins:
            if each.takes is None:
                if not each.blocked:
                    self._anything[each.bin] = each
            elif all(rule.sku is not None for rule in each.takes):
                for sku in {rule.sku for rule in each.takes}:
                    self._of_item[sku or ""].append(each)
            else:
                self._of_kinds.append(each)
        self._heap: list[Offer] = []
        self._return(self._anything)

    def put_away(self, wish: Wish) -> Placed:
        """Find bins for a wish, and note in the room what goes into each."""
        item, left = wish.item, wish.quantity
        ruled = (*self._of_item.get(item.sku, ()), *self._of_kinds)
        offers = sorted(filter(None, (self._room.offer(each, item) for each in ruled)))
        looked_at: list[str] = []
        parts: list[tuple[str, Decimal]] = []
        for offer in merge(offers, self._next(looked_at)):
            take = min(offer.room, left)
            if wish.step is not None:
                take -= take % wish.step
            if take > ZERO:
                self._room.add(offer.bin, item.sku, take)
                parts.append((offer.bin, take))
                left -= take
            if not left:
                break
        self._return(looked_at)
        return Placed(tuple(parts), left)

    def _next(self, looked_at: list[str]) -> Iterator[Offer]:
        """The bins that take anything, in their order; what was filled meanwhile stands further back."""
        while self._heap:
            offer = heappop(self._heap)
            now = self._room.open_offer(self._anything[offer.bin])
            if now == offer:
                looked_at.append(offer.bin)
                yield offer
            elif now.room > ZERO:
                heappush(self._heap, now)

    def _return(self, codes: Iterable[str]) -> None:
        for code in codes:
            offer = self._room.open_offer(self._anything[code])
            if offer.room > ZERO:
                heappush(self._heap, offer)
