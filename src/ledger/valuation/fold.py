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
    DEEPEST,
    FIRST,
    PASSED_THROUGH,
    PRODUCTION,
    RECEIPT,
    REVALUATION,
    VARIANCE,
    VENDOR,
    Application,
    Fact,
    Key,
    Posting,
    Source,
    Work,
    account_of,
    holds_stock,
    is_shipped,
    is_work,
    place_of,
)
from ledger.valuation.money import COST_DECIMALS, rounded, split, unit_of, worth
from ledger.valuation.pools import Layer, Lying, Pool, Rule, lying_of
from ledger.valuation.whereabouts import Whereabouts
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


@dataclass(slots=True)
class Fold:
    """Takes facts in their order. `units` begins with what later facts will ask for."""

    state: State
    units: Whereabouts = field(default_factory=Whereabouts)
    work: list[Work] = field(default_factory=list)
    """What its facts say of documents of making, in their order."""
    _key: Key = FIRST
    _postings: list[Posting] = field(default_factory=list)
    _went_in: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def take(self, fact: Fact) -> list[Posting]:
        """What a fact moves between accounts of value."""
        self._postings, self._key = [], fact.key
        {
            "move": self._move,
            "charge": self._charge,
            "price": self._price,
            "revalue": self._revalue,
            "method": self._method,
            "made": self._made,
        }[fact.kind](fact)
        for place, amount in self._went_in.items():
            moved = place == place_of(fact.to_account, fact.document)
            quantity = fact.quantity if moved and fact.quantity else ZERO
            if quantity or amount:
                self._work(place, came_out=False, quantity=quantity, amount=amount)
        self._went_in.clear()
        return [
            each for each in self._postings if each.amount and each.from_account != each.to_account
        ]

    def _post(self, source: str, to: str, amount: Decimal, why: str) -> None:
        if is_work(to):
            if self._key.passed < DEEPEST:
                self._went_in[to] += amount
            else:
                to = VARIANCE
        self._postings.append(Posting(account_of(source), account_of(to), amount, why))

    def _work(self, place: str, *, came_out: bool, quantity: Decimal, amount: Decimal) -> None:
        document = place.removeprefix(f"{PRODUCTION}/")
        self.work.append(Work(document, self._key, came_out, quantity, amount))

    def _apply(self, source: Source, application: Application) -> None:
        self.units.apply(source, self._key, application)

    # What moves.

    def _move(self, fact: Fact) -> None:
        from_place = place_of(fact.from_account, fact.document)
        to_place = place_of(fact.to_account, fact.document)
        parts = self._parts(from_place, to_place, fact)
        value = sum((part.value for part in parts), ZERO)
        self._post(from_place, to_place, value, "moved")
        for part in parts:
            if holds_stock(fact.to_account):
                self._arrive(to_place, part)
            else:
                value = part.value if is_shipped(to_place) else ZERO
                self._apply(part.source, Application(part.quantity, to_place, None, value))
        if fact.from_account in PASSED_THROUGH and self.state.pools[from_place].is_empty:
            del self.state.pools[from_place]

    def _parts(self, from_place: str, to_place: str, fact: Fact) -> list[Layer]:
        """The units that move, by where they came from, and their values."""
        quantity = fact.quantity or ZERO
        if holds_stock(fact.from_account):
            if fact.to_account == VENDOR and fact.document.startswith(RECEIPT):
                return self._send_back(from_place, fact)
            return self._leave(from_place, fact, quantity)
        if is_shipped(from_place):
            return self._come_back(from_place, to_place, fact)
        if is_work(from_place):
            # What it is worth follows, as soon as all is known that came out.
            rule = self.state.rule
            cost = rule.standard if rule.method == "standard" else self.state.last_cost
            amount = worth(quantity, cost, COST_DECIMALS)
            self._work(from_place, came_out=True, quantity=quantity, amount=amount)
            return [self._bring(fact, quantity, ZERO)]
        return [self._come(to_place, fact, quantity)]

    def _bring(self, fact: Fact, quantity: Decimal, value: Decimal) -> Layer:
        self.units.bring(fact.source, fact.key, quantity, value)
        return Layer(quantity, value, fact.source)

    def _come(self, place: str, fact: Fact, quantity: Decimal) -> Layer:
        """Units from outside, at the cost that was stated, or as the last ones were."""
        state = self.state
        pool = state.pool(place)
        if fact.unit_cost is not None:
            cost = state.last_cost = fact.unit_cost
        elif state.rule.method == "standard":
            cost = state.rule.standard
        else:
            cost = unit_of(pool.value, pool.quantity) if pool.quantity else state.last_cost
        return self._bring(fact, quantity, worth(quantity, cost, state.rule.decimals))

    def _come_back(self, place: str, to_place: str, fact: Fact) -> list[Layer]:
        """Units that were shipped, at what they left for; more than had left by then, as any others."""
        quantity = fact.quantity or ZERO
        parts = self.units.out(place).take(quantity, Rule(self.state.rule.decimals, "fifo"))
        for part in parts:
            self._apply(part.source, Application(-part.quantity, place, None, -part.value))
        missing = quantity - sum((part.quantity for part in parts), ZERO)
        return [*parts, self._come(to_place, fact, missing)] if missing else parts

    def _send_back(self, place: str, fact: Fact) -> list[Layer]:
        """Units of a receipt, at what they cost; more than lie there of it, as any others."""
        quantity, pool, rule = fact.quantity or ZERO, self.state.pool(place), self.state.rule
        before = pool.value
        parts = pool.take_of(fact.document, quantity, rule)
        cost = sum((part.value for part in parts), ZERO)
        self._post(place, VARIANCE, before - pool.value - cost, "variance")
        missing = quantity - sum((part.quantity for part in parts), ZERO)
        return [*parts, *self._leave(place, fact, missing)] if missing else parts

    def _leave(self, place: str, fact: Fact, quantity: Decimal) -> list[Layer]:
        """Units out of a pool; what it does not have is owed, at a guess."""
        state = self.state
        pool = state.pool(place)
        parts = pool.take(quantity, state.rule)
        missing = quantity - sum((part.quantity for part in parts), ZERO)
        if missing:
            guess = self._guess(parts)
            value = worth(missing, guess, state.rule.decimals)
            pool.owed.append(self._bring(fact, missing, value))
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
            actual, guessed = (each.cut(quantity, decimals).value for each in (part, owed))
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
        quantity, value = self.units.sources[fact.source]
        if fact.amount is not None:
            value = rounded(fact.amount, self.state.rule.decimals)
        self.state.last_cost = fact.unit_cost or ZERO
        more = worth(quantity, self.state.last_cost, self.state.rule.decimals) - value
        self._spread(fact.source, more, fact.from_account, "price")

    def _made(self, fact: Fact) -> None:
        """What went into a document belongs to what came out of it: another share than before."""
        left = {part.source: self.units.left_of(part.source) for part in fact.parts}
        among = lying_of(left, self.state.pools)
        for source, amount, cost in fact.parts:
            quantity, _ = self.units.sources[source]
            self.state.last_cost = unit_of(cost, quantity)
            self._spread(source, amount, PRODUCTION, "made", among=among)

    def _spread(
        self,
        source: Source,
        amount: Decimal,
        payer: str,
        why: str,
        via: frozenset[Source] = frozenset(),
        among: Lying | None = None,
    ) -> None:
        """Let an amount follow the units of a source to where they are now: in stock, `among` others."""
        rule = self.state.rule
        if among is None:
            among = lying_of({source: self.units.left_of(source)}, self.state.pools)
        lying = among.get(source, [])
        gone = self.units.gone(source)
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
                self._post(payer, VARIANCE if each.via else each.place, share, why)
                if is_shipped(each.place):
                    self._apply(source, Application(ZERO, each.place, None, share))
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
