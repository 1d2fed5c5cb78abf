"""Stock of an item at one place as values see it: layers in the order in which they came. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from operator import itemgetter

from ledger.valuation.facts import Method, Source
from ledger.valuation.money import part_of, split, worth
from schemas.base import ZERO


@dataclass(slots=True)
class Layer:
    """Units that came together. Its value is its own by FIFO; else the pool has one for all."""

    quantity: Decimal
    value: Decimal
    source: Source

    def cut(self, quantity: Decimal, decimals: int) -> "Layer":
        """Take units off; they have their share of the value."""
        value = part_of(self.value, quantity, self.quantity, decimals)
        self.quantity -= quantity
        self.value -= value
        return Layer(quantity, value, self.source)


@dataclass(slots=True)
class Pool:
    """What lies at one place, and what left it before it had come."""

    layers: deque[Layer] = field(default_factory=deque)
    owed: deque[Layer] = field(default_factory=deque)
    """Units that left a pool that had none: at the value that was guessed, to be settled."""
    quantity: Decimal = ZERO  # of the layers
    value: Decimal = ZERO  # of the layers

    @property
    def balance(self) -> tuple[Decimal, Decimal]:
        """Quantity and value, what is owed taken off."""
        quantity = self.quantity - sum((each.quantity for each in self.owed), ZERO)
        return quantity, self.value - sum((each.value for each in self.owed), ZERO)

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies there, and nothing is owed."""
        return not self.layers and not self.owed

    def put(self, layer: Layer) -> None:
        """Add units behind all others."""
        self.layers.append(layer)
        self.quantity += layer.quantity
        self.value += layer.value

    def take(self, quantity: Decimal, rule: "Rule") -> list[Layer]:
        """Take units out, the oldest first; fewer where there are no more.

        The last units take all of the value that is left, whatever was rounded before.
        """
        if not self.quantity:
            return []
        parts = list(self._oldest(min(quantity, self.quantity), rule))
        taken = sum((part.quantity for part in parts), ZERO)
        if rule.method != "fifo":
            value = rule.value_of(self, taken)
            shares = split(value, [part.quantity for part in parts], rule.decimals)
            for part, share in zip(parts, shares, strict=True):
                part.value = share
        self.quantity -= taken
        self.value -= sum((part.value for part in parts), ZERO)
        return parts

    def take_of(self, document: str, quantity: Decimal, rule: "Rule") -> list[Layer]:
        """Take units of a receipt out at what these cost; fewer where there are no more of them.

        Where the pool has one value for all, it loses as much, but no more than there is and all
        with the last unit; by standard it loses that.
        """
        parts: list[Layer] = []
        for layer in self.layers:
            take = min(layer.quantity, quantity) if layer.source.document == document else ZERO
            if take:
                parts.append(layer.cut(take, rule.decimals))
                quantity -= take
        self.layers = deque(layer for layer in self.layers if layer.quantity)
        taken = sum((part.quantity for part in parts), ZERO)
        cost = sum((part.value for part in parts), ZERO)
        if rule.method == "standard":
            cost = rule.value_of(self, taken)
        elif taken == self.quantity or (rule.method == "average" and cost > self.value):
            cost = self.value
        self.quantity -= taken
        self.value -= cost
        return parts

    def _oldest(self, wanted: Decimal, rule: "Rule") -> Iterator[Layer]:
        while wanted:
            first = self.layers[0]
            take = min(first.quantity, wanted)
            yield first.cut(take, rule.decimals)
            wanted -= take
            if not first.quantity:
                self.layers.popleft()

    def share_out(self, decimals: int) -> None:
        """Give every layer its share of the pool's value: from here on each has its own."""
        if self.layers:
            shares = split(self.value, [each.quantity for each in self.layers], decimals)
            for layer, share in zip(self.layers, shares, strict=True):
                layer.value = share


@dataclass(slots=True)
class Rule:
    """How an item's values are kept."""

    decimals: int
    method: Method = "average"
    standard: Decimal = ZERO

    def value_of(self, pool: Pool, quantity: Decimal) -> Decimal:
        """What so much of a pool is worth, by average or standard."""
        if self.method == "standard":
            return pool.value - worth(pool.quantity - quantity, self.standard, self.decimals)
        return part_of(pool.value, quantity, pool.quantity, self.decimals)


Lying = dict[Source, list[tuple[str, Pool, Layer]]]
"""The layers of sources, and the places and pools that they are in."""


def lying_of(sources: Mapping[Source, Decimal], pools: Mapping[str, Pool]) -> Lying:
    """What lies in pools of each source, of which there should be so much.

    Looked for among the newest first, and no further than it takes: mostly it has just come.
    """
    found: Lying = {}
    left = sum(sources.values(), ZERO)
    places = sorted(pools)
    for newest in zip_longest(*(reversed(pools[place].layers) for place in places)):
        if left <= ZERO:
            break
        for place, layer in zip(places, newest, strict=True):
            if layer is not None and layer.source in sources:
                found.setdefault(layer.source, []).append((place, pools[place], layer))
                left -= layer.quantity
    for lying in found.values():
        lying.reverse()
        lying.sort(key=itemgetter(0))
    return found
