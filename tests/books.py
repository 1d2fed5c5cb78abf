"""Books on paper: facts of several items, folded in memory until what is made of what has its value."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from ledger.valuation.facts import Fact, Key
from ledger.valuation.fold import Fold, State
from ledger.valuation.making import shares
from ledger.valuation.pools import Rule
from schemas.base import ZERO

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS_MAX = 5_000


class Books:
    """What is told is told in the order of `hour`, which goes up by itself."""

    def __init__(self, method="average", decimals=2, standard="0"):
        self.rule = (decimals, method, Decimal(standard))
        self.facts = defaultdict(list)
        self.hour = 0

    def tell(self, sku, kind, entry=1, hour=None, **fields):
        at = DAWN + timedelta(hours=hour or self.hour)
        numbers = {
            name: Decimal(fields[name])
            for name in ("quantity", "unit_cost", "amount")
            if fields.get(name) is not None
        }
        key = Key(at, 1, self.hour, entry)
        fact = Fact(key, kind, **{"line": entry, **fields, **numbers})
        self.facts[sku].append(fact)
        return fact

    def move(self, document, *moved, hour=None):
        """Each (item, quantity, from, to, and a unit cost if one is stated), all in one outcome."""
        self.hour += 1
        for entry, (sku, quantity, source, to, *cost) in enumerate(moved, 1):
            ends = {"from_account": source, "to_account": to, "document": document}
            stated = {"unit_cost": cost[0] if cost else None}
            self.tell(sku, "move", entry, hour, quantity=quantity, **ends, **stated)
        return self

    def come(self, sku, quantity, cost=None, document=None, hour=None):
        named = document or f"rcp-{self.hour + 1}"
        return self.move(named, (sku, quantity, "@vendor", "MAIN", cost), hour=hour)

    def go(self, sku, quantity, to="@customer", document="stock-1", hour=None):
        return self.move(document, (sku, quantity, "MAIN", to), hour=hour)

    def make(self, document, went_in, came_out, scrapped=()):
        """Each (item, quantity): used, made, and broken as it came out."""
        return self.move(
            document,
            *((*each, "MAIN", "@production") for each in went_in),
            *((*each, "@production", "MAIN") for each in came_out),
            *((*each, "@production", "@scrap") for each in scrapped),
        )

    def price(self, sku, document, cost, stated=None):
        """A receipt's line cost so much; `stated` is what it was said to cost in all."""
        self.hour += 1
        said = {"unit_cost": cost, "amount": stated, "document": document}
        self.tell(sku, "price", from_account="@vendor", **said)
        return self

    def charge(self, sku, document, amount):
        self.hour += 1
        self.tell(sku, "charge", amount=amount, from_account="@charges", document=document)
        return self

    def folded(self):
        """The fold of each item, and its accounts of value, once no share changes any more.

        Raises:
            AssertionError: that is never.
        """
        made = frozenset()
        for _ in range(ROUNDS_MAX):
            folds, accounts = self._once(made)
            said = defaultdict(list)
            for sku, fold in folds.items():
                for work in fold.work:
                    said[work.document].append((sku, work))
            then = frozenset(
                share for works in said.values() for share in shares(works, self.rule[0])
            )
            if then == made:
                return folds, accounts
            made = then
        raise AssertionError(f"no end after {ROUNDS_MAX} rounds")

    def _once(self, made):
        accounts = defaultdict(lambda: defaultdict(Decimal))
        folds = {}
        for sku in self.facts:
            folds[sku] = Fold(State(Rule(*self.rule)))
            mine = sorted((each for each in made if each.sku == sku), key=lambda each: each[1:])
            parts = [
                Fact(key, "made", parts=tuple(share.part for share in each))
                for key, each in groupby(mine, key=lambda share: share.key)
            ]
            for fact in sorted([*self.facts[sku], *parts], key=lambda fact: fact.key):
                for source, to, amount, _ in folds[sku].take(fact):
                    accounts[sku][source] -= amount
                    accounts[sku][to] += amount
        return folds, accounts

    def worth(self):
        """By item, what each account has that has anything."""
        _, accounts = self.folded()
        return {
            sku: {name: str(value) for name, value in sorted(each.items()) if value}
            for sku, each in accounts.items()
        }

    def lying(self):
        """By item and account, how much of it there is."""
        found = defaultdict(Decimal)
        for sku, facts in self.facts.items():
            for fact in facts:
                if fact.kind == "move":
                    found[sku, fact.from_account] -= fact.quantity or ZERO
                    found[sku, fact.to_account] += fact.quantity or ZERO
        return found
