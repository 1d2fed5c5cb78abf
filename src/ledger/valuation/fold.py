"""The values of one item, fact by fact: what moves is worth what it came in for, to the last cent. Pure.

Layers say for every method where units came from, oldest first. By FIFO each has a value of its
own; by average, a pool has one value for all its units, and by standard the standard's. What is
said later of a source (landed cost, the price of an invoice) follows its units to wherever they
went: to what is left of them in stock, to the customers who have them, to other locations.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from ledger.valuation.facts import (
    CHARGES,
    FIRST,
    PASSED_THROUGH,
    REVALUATION,
    VARIANCE,
    Application,
    Fact,
    Key,
    Posting,
    Source,
    holds_stock,
)
from ledger.valuation.money import part_of, split, unit_of, worth
from ledger.valuation.pools import Layer, Pool, Rule
from schemas.base import ZERO


@dataclass(slots=True)
class State:
    """How the values of an item stand behind a fact."""

    rule: Rule
    pools: dict[str, Pool] = field(default_factory=dict)
    last_cost: Decimal = ZERO
    """What a unit cost that came last: the guess for what nobody stated a cost of."""

    def pool(self, place: str) -> Pool:
        """The pool at a location, or of one transfer under way."""
        return self.pools.setdefault(place, Pool())


Sources = dict[Source, tuple[Decimal, Decimal]]
"""What a source brought: quantity and value, as they were then."""
Applied = defaultdict[Source, list[Application]]


@dataclass(slots=True)
class Fold:
    """Takes facts in their order. `sources` and `applied` begin with what later facts will ask for."""

    state: State
    sources: Sources = field(default_factory=dict)
    applied: Applied = field(default_factory=lambda: defaultdict(list))
    came: list[tuple[Source, Key]] = field(default_factory=list)
    """The sources that its facts brought, in their order."""
    left: list[tuple[Source, Key, Application]] = field(default_factory=list)
    """The units that its facts took out of stock, in their order."""
    _key: Key = FIRST
    _postings: list[Posting] = field(default_factory=list)

    def take(self, fact: Fact) -> list[Posting]:
        """What a fact moves between accounts of value."""
        self._postings, self._key = [], fact.key
        {
            "move": self._move,
            "charge": self._charge,
            "price": self._price,
            "revalue": self._revalue,
            "method": self._method,
        }[fact.kind](fact)
        return [
            each for each in self._postings if each.amount and each.from_account != each.to_account
        ]

    def _post(self, source: str, to: str, amount: Decimal, why: str) -> None:
        self._postings.append(Posting(account_of(source), account_of(to), amount, why))

    def _bring(self, fact: Fact, quantity: Decimal, value: Decimal) -> None:
        self.sources[fact.source] = (quantity, value)
        self.came.append((fact.source, fact.key))

    def _apply(self, source: Source, application: Application) -> None:
        self.applied[source].append(application)
        self.left.append((source, self._key, application))

    # What moves.

    def _move(self, fact: Fact) -> None:
        from_place, to_place = place_of(fact.from_account, fact), place_of(fact.to_account, fact)
        if holds_stock(fact.from_account):
            parts = self._leave(from_place, fact)
        else:
            parts = [self._come(to_place, fact)]
        value = sum((part.value for part in parts), ZERO)
        self._post(from_place, to_place, value, "moved")
        for part in parts:
            if holds_stock(fact.to_account):
                self._arrive(to_place, part)
            else:
                self._apply(part.source, Application(part.quantity, fact.to_account))
        if fact.from_account in PASSED_THROUGH and self.state.pools[from_place].is_empty:
            del self.state.pools[from_place]

    def _come(self, place: str, fact: Fact) -> Layer:
        """Units from outside, at the cost that was stated, or as the last ones were."""
        state, quantity = self.state, fact.quantity or ZERO
        pool = state.pool(place)
        if fact.unit_cost is not None:
            cost = state.last_cost = fact.unit_cost
        elif state.rule.method == "standard":
            cost = state.rule.standard
        else:
            cost = unit_of(pool.value, pool.quantity) if pool.quantity else state.last_cost
        value = worth(quantity, cost, state.rule.decimals)
        self._bring(fact, quantity, value)
        return Layer(quantity, value, fact.source)

    def _leave(self, place: str, fact: Fact) -> list[Layer]:
        """Units out of a pool; what it does not have is owed, at a guess."""
        state, quantity = self.state, fact.quantity or ZERO
        pool = state.pool(place)
        parts = pool.take(quantity, state.rule)
        missing = quantity - sum((part.quantity for part in parts), ZERO)
        if missing:
            guess = self._guess(parts)
            value = worth(missing, guess, state.rule.decimals)
            pool.owed.append(Layer(missing, value, fact.source))
            self._bring(fact, missing, value)
            parts.append(Layer(missing, value, fact.source))
        return parts

    def _guess(self, parts: list[Layer]) -> Decimal:
        if self.state.rule.method == "standard":
            return self.state.rule.standard
        if parts:
            return unit_of(parts[-1].value, parts[-1].quantity)
        return self.state.last_cost

    def _arrive(self, place: str, part: Layer) -> None:
        """Units into a pool; first they stand in for what was owed there."""
        pool, decimals = self.state.pool(place), self.state.rule.decimals
        while pool.owed and part.quantity:
            owed = pool.owed[0]
            quantity = min(owed.quantity, part.quantity)
            actual, guessed = (_cut(each, quantity, decimals) for each in (part, owed))
            if not owed.quantity:
                pool.owed.popleft()
            if part.source != owed.source:
                self._apply(part.source, Application(quantity, place, owed.source))
            self._spread(owed.source, actual - guessed, place, "settled")
        if part.quantity:
            self._lay(place, part)

    def _lay(self, place: str, part: Layer) -> None:
        pool, rule = self.state.pool(place), self.state.rule
        if rule.method == "standard":
            value = worth(pool.quantity + part.quantity, rule.standard, rule.decimals) - pool.value
            self._post(place, VARIANCE, part.value - value, "variance")
            part.value = value
        pool.put(part)

    # What is said of costs.

    def _charge(self, fact: Fact) -> None:
        self._spread(fact.source, fact.amount or ZERO, fact.from_account or CHARGES, "charged")

    def _price(self, fact: Fact) -> None:
        quantity, value = self.sources[fact.source]
        if fact.amount is not None:
            value = fact.amount
        self.state.last_cost = fact.unit_cost or ZERO
        more = worth(quantity, self.state.last_cost, self.state.rule.decimals) - value
        self._spread(fact.source, more, fact.from_account, "price")

    def _spread(
        self,
        source: Source,
        amount: Decimal,
        payer: str,
        why: str,
        via: frozenset[Source] = frozenset(),
    ) -> None:
        """Let an amount follow the units of a source to where they are now."""
        rule = self.state.rule
        lying = [
            (place, pool, layer)
            for place, pool in self.state.pools.items()
            for layer in pool.layers
            if layer.source == source
        ]
        gone = self.applied[source]
        weights = [layer.quantity for *_, layer in lying] + [each.quantity for each in gone]
        if not amount or not weights:
            self._post(payer, VARIANCE, amount, why)
            return
        shares = split(amount, weights, rule.decimals)
        for (place, pool, layer), share in zip(lying, shares, strict=False):
            if rule.method == "standard":
                self._post(payer, VARIANCE, share, why)
                continue
            self._post(payer, place, share, why)
            pool.value += share
            layer.value += share
        for each, share in zip(gone, shares[len(lying) :], strict=True):
            if each.via is None or each.via in via:
                self._post(payer, VARIANCE if each.via else each.account, share, why)
            else:
                self._spread(each.via, share, payer, why, via | {source})

    def _revalue(self, fact: Fact) -> None:
        """What lies there now is worth so much; what has gone keeps the value that it went for."""
        pool, rule = self.state.pool(fact.to_account), self.state.rule
        self._worth(fact.to_account, worth(pool.quantity, fact.unit_cost or ZERO, rule.decimals))

    def _method(self, fact: Fact) -> None:
        """Another rule from now on. Only a standard changes what stock is worth."""
        rule = self.state.rule
        if fact.method == "fifo":
            for pool in self.state.pools.values():
                pool.share_out(rule.decimals)
        rule.method = fact.method or rule.method
        if rule.method == "standard":
            rule.standard = fact.unit_cost or ZERO
            for place, pool in self.state.pools.items():
                self._worth(place, worth(pool.quantity, rule.standard, rule.decimals))

    def _worth(self, place: str, value: Decimal) -> None:
        """Let a pool's layers be worth so much together."""
        pool = self.state.pool(place)
        self._post(REVALUATION, place, value - pool.value, "revalued")
        pool.value = value
        pool.share_out(self.state.rule.decimals)


def _cut(layer: Layer, quantity: Decimal, decimals: int) -> Decimal:
    """Take a quantity off a layer; its share of the value."""
    value = part_of(layer.value, quantity, layer.quantity, decimals)
    layer.quantity -= quantity
    layer.value -= value
    return value


def place_of(account: str, fact: Fact) -> str:
    """The pool of an account that holds stock: each document has one of its own under way."""
    return f"{account}/{fact.document}" if account in PASSED_THROUGH else account


def account_of(place: str) -> str:
    """The account of value that a pool belongs to."""
    return place.partition("/")[0] if place.startswith("@") else place
