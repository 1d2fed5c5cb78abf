"""Where the units of each source went when they left stock: what later costs of the source follow. Pure."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.valuation.facts import Application, Key, Source, is_shipped
from ledger.valuation.pools import Layer, Pool
from schemas.base import ZERO

Sources = dict[Source, tuple[Decimal, Decimal]]
"""What a source brought: quantity and value, as they were then."""
Applied = defaultdict[Source, list[Application]]
Shipped = defaultdict[str, list[tuple[Source, Application]]]
"""What was shipped from where, by the place that keeps it apart."""


@dataclass(slots=True)
class Whereabouts:
    """Begins with what later facts will ask for, and keeps what they add."""

    sources: Sources = field(default_factory=dict)
    applied: Applied = field(default_factory=lambda: defaultdict(list))
    shipped: Shipped = field(default_factory=lambda: defaultdict(list))
    came: list[tuple[Source, Key]] = field(default_factory=list)
    """The sources that facts brought, in their order."""
    left: list[tuple[Source, Key, Application]] = field(default_factory=list)
    """The units that facts took out of stock, in their order; below zero, back into it."""

    def bring(self, source: Source, key: Key, quantity: Decimal, value: Decimal) -> None:
        """Note what a source brought."""
        self.sources[source] = (quantity, value)
        self.came.append((source, key))

    def apply(self, source: Source, key: Key, application: Application) -> None:
        """Note where units of a source went."""
        self.applied[source].append(application)
        self.left.append((source, key, application))
        if is_shipped(application.place):
            self.shipped[application.place].append((source, application))

    def gone(self, source: Source) -> list[Application]:
        """Where units of a source are that are in stock no more, each place once."""
        found: defaultdict[tuple[str, Source | None], Decimal] = defaultdict(Decimal)
        for quantity, place, via, _ in self.applied[source]:
            found[place, via] += quantity
        return [Application(quantity, *where) for where, quantity in found.items() if quantity]

    def left_of(self, source: Source) -> Decimal:
        """How much of a source should be in stock."""
        brought, _ = self.sources[source]
        return brought - sum((each.quantity for each in self.applied[source]), ZERO)

    def out(self, place: str) -> Pool:
        """What is still out of what was shipped, at what it left for."""
        found: dict[Source, Layer] = {}
        for source, (quantity, _, _, value) in self.shipped[place]:
            layer = found.setdefault(source, Layer(ZERO, ZERO, source))
            layer.quantity += quantity
            layer.value += value
        pool = Pool()
        for layer in found.values():
            if layer.quantity:
                pool.put(layer)
        return pool
