"""Counting while stock moves: each variance is against a snapshot that the test took at that moment.

The ledger works backwards from what is on hand when it posts; here every moment's stock is written down.
"""

import itertools
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

import asks

SKUS = ["A", "B"]
_tenants = itertools.count(1)
skus = st.sampled_from(SKUS)
small = st.sampled_from(["1", "2.5", "4", "7"])
steps = st.one_of(
    st.tuples(st.just("issue"), skus, small),
    st.tuples(st.just("issue"), skus, small),
    st.tuples(st.just("receive"), skus, small),
    st.tuples(st.just("receive"), skus, small),
    st.tuples(st.just("adjust"), skus, small),
    st.tuples(st.just("count"), skus, st.tuples(small, st.integers(0, 5))),
    st.tuples(st.just("count"), skus, st.tuples(small, st.integers(0, 5))),
    st.tuples(st.just("post"), skus, st.booleans()),
)


class Shop:
    """A tenant's stock, and all that it ever was."""

    def __init__(self, ledger):
        self.ledger, self.tenant = ledger, f"m{next(_tenants)}"
        self.ask(*[asks.item(sku) for sku in SKUS], asks.location("MAIN"))
        self.ask(*[asks.record_stock(sku, "20") for sku in SKUS])
        self.now = dict.fromkeys(SKUS, Decimal(20))
        self.named = self.ask(asks.open_count())[0].body["count_id"]
        self.moments = []  # (moment, stock then, corrections by then)
        self.corrections = dict.fromkeys(SKUS, 0)
        self.lines = {}  # by item: counted, stock then, corrections by then
        self.note()

    def ask(self, *several):
        headers = {"Tenant-Id": self.tenant}
        given = [asks.Ask({**each.headers, **headers}, each.body) for each in several]
        return self.ledger.ask(*given)

    def note(self):
        self.moments.append((self.ledger.now(), dict(self.now), dict(self.corrections)))

    def move(self, kind, sku, quantity):
        sign = -1 if kind in ("issue", "adjust") else 1
        if self.now[sku] + sign * Decimal(quantity) < 0:
            return
        body = {"sku": sku, "location": "MAIN", "delta": f"-{quantity}", "reason_code": "r"}
        command = {
            "issue": asks.issue(sku, quantity, to="customer"),
            "receive": asks.receipt((sku, quantity, None)),
            "adjust": asks.ask("stock.adjust", body),
        }[kind]
        assert self.ask(command)[0].code == 201
        self.now[sku] += sign * Decimal(quantity)
        self.corrections[sku] += kind == "adjust"

    def count(self, sku, found):
        quantity, back = found
        if sku in self.lines and self.lines[sku][0] is not None:
            return
        moment, stock, corrections = self.moments[-1 - min(back, len(self.moments) - 1)]
        counted = asks.count(self.named, moment, (sku, quantity, None))
        assert self.ask(counted)[0].code == 200
        self.lines[sku] = (Decimal(quantity), stock[sku], corrections[sku])

    def post(self, allow_partial):
        """What is postable is posted, against what was written down; and a new count begins."""
        fit = {
            sku: counted - stock
            for sku, (counted, stock, corrections) in self.lines.items()
            if corrections == self.corrections[sku] and self.now[sku] + counted - stock >= 0
        }
        posted = self.ask(asks.post_count(self.named, allow_partial=allow_partial))[0]
        if not fit or (len(fit) < len(self.lines) and not allow_partial):
            assert (posted.code, posted.problem) == (409, "count-not-postable")
            return
        assert posted.body["posted"] == len(fit)
        assert posted.body["adjusted"] == sum(1 for variance in fit.values() if variance)
        for sku, variance in fit.items():
            self.now[sku] += variance
            self.corrections[sku] += bool(variance)
        self.check()
        self.lines = {}
        self.named = self.ask(asks.open_count())[0].body["count_id"]
        self.moments = []

    def check(self):
        rows = self.ledger.tx.execute(
            "SELECT l.sku, l.expected, b.on_hand FROM count_line l JOIN balance b "
            "USING (tenant_id, sku) WHERE (l.tenant_id, l.count_id) = (%s, %s) "
            "AND l.expected IS NOT NULL",
            [self.tenant, self.named],
        ).fetchall()
        for sku, expected, on_hand in rows:
            assert (expected, on_hand) == (self.lines[sku][1], self.now[sku])


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=st.lists(steps, min_size=6, max_size=25))
def test_a_variance_is_what_a_snapshot_of_that_moment_says(ledger, wanted):
    shop = Shop(ledger)
    for kind, sku, given_value in wanted:
        if kind == "count":
            shop.count(sku, given_value)
        elif kind == "post":
            shop.post(given_value)
        else:
            shop.move(kind, sku, given_value)
        shop.note()
    shop.post(allow_partial=True)
