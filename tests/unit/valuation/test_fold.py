"""Values follow their units: by FIFO, average and standard, through shortages, charges and transfers."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from ledger.valuation.facts import Fact, Key, holds_stock
from ledger.valuation.fold import Fold, State
from ledger.valuation.pools import Rule

DAWN = datetime(2026, 1, 1, tzinfo=UTC)


class Story:
    """Facts in their order, and what they leave in each account of value."""

    def __init__(self, method, standard="0", decimals=2):
        self.fold = Fold(State(Rule(decimals, method, Decimal(standard))))
        self.accounts = defaultdict(Decimal)
        self.told = []

    def tell(self, kind, document="", line=1, **fields):
        number = len(self.told) + 1
        numbers = {
            name: Decimal(fields[name])
            for name in ("quantity", "unit_cost", "amount")
            if fields.get(name) is not None
        }
        key = Key(DAWN + timedelta(hours=number), 1, number, line)
        fact = Fact(
            key, kind, **{**fields, **numbers}, document=document or f"rcp-{number}", line=line
        )
        self.told.append(fact)
        for from_account, to_account, amount, _ in self.fold.take(fact):
            self.accounts[from_account] -= amount
            self.accounts[to_account] += amount
        return self

    def come(self, quantity, unit_cost=None, to="MAIN", by="@vendor", document=""):
        fields = {"from_account": by, "to_account": to}
        return self.tell("move", document, quantity=quantity, unit_cost=unit_cost, **fields)

    def go(self, quantity, to="@customer", by="MAIN", document=""):
        return self.tell("move", document, quantity=quantity, from_account=by, to_account=to)

    def worth(self, account="MAIN"):
        return str(self.accounts[account].quantize(Decimal("0.01")))

    def layers(self, place="MAIN"):
        pool = self.fold.state.pool(place)
        lying = [(each.quantity, each.value / each.quantity) for each in pool.layers]
        owed = [(-each.quantity, each.value / each.quantity) for each in pool.owed]
        return [(str(quantity), str(cost.normalize())) for quantity, cost in [*lying, *owed]]


def test_fifo_takes_the_oldest_units_first():
    story = Story("fifo").come("2", "4.63").come("5", "3.04")
    assert story.go("3").worth("@customer") == "12.30"  # 9.26 and 3.04
    assert story.worth() == "12.16"


def test_average_takes_a_share_of_all():
    story = Story("average").come("5", "5").come("5", "10").go("1")
    assert (story.worth("@customer"), story.worth()) == ("7.50", "67.50")


@pytest.mark.parametrize("method", ["fifo", "average"])
def test_the_last_unit_takes_what_rounding_left(method):
    """Three units worth 98.00: no cent is left behind, none is made."""
    story = Story(method).come("3", "32.666667")
    seen = []
    for _ in range(3):
        before = story.accounts["@customer"]
        story.go("1")
        seen.append(str(story.accounts["@customer"] - before))
    assert seen == ["32.67", "32.67", "32.66"]
    assert story.worth() == "0.00"


@pytest.mark.parametrize("method", ["fifo", "average"])
def test_seventy_issues_of_a_tenth_end_at_nothing(method):
    story = Story(method).come("2", "4.63").come("5", "3.04")
    for _ in range(70):
        story.go("0.1")
    assert (story.worth(), story.worth("@customer")) == ("0.00", "24.46")


def test_what_left_before_it_came_is_settled_at_what_it_cost():
    """10 at 10, 15 issued, 5 more, then 15 received at 15: what was guessed at 10 cost 15."""
    story = Story("fifo").come("10", "10").go("15")
    assert story.layers() == [("-5", "1E+1")]
    story.go("5")
    assert story.worth() == "-100.00"
    before = story.accounts["MAIN"]
    story.come("15", "15")
    assert story.layers() == [("5", "15")]
    assert story.accounts["MAIN"] - before == 175
    assert story.worth("@customer") == "250.00"  # 10 at 10 and 10 at 15


def test_a_charge_goes_where_its_units_went():
    """Landed cost of 100 on 10 units: what was sold of them is cost of goods."""
    sold = Story("fifo").come("10", "10", document="rcp-R").go("10")
    sold.tell("charge", "rcp-R", amount="100")
    assert (sold.worth(), sold.worth("@customer")) == ("0.00", "200.00")
    half = Story("average").come("10", "10", document="rcp-R").go("4")
    half.tell("charge", "rcp-R", amount="100")
    assert (half.worth(), half.worth("@customer"), half.worth("@charges")) == (
        "120.00",
        "80.00",
        "-100.00",
    )


def test_a_later_price_reaches_what_was_sold_and_moved():
    """Received without a price, 4 sold, 3 moved on and 1 of those sold there; then the invoice says 15."""
    story = Story("fifo").come("10", document="rcp-R").go("4")
    story.go("3", to="@transit", document="T").come("3", to="EAST", by="@transit", document="T")
    story.go("1", by="EAST")
    story.tell("price", "rcp-R", unit_cost="15", from_account="@vendor")
    assert {name: str(value) for name, value in story.accounts.items() if value} == {
        "@vendor": "-150.00",
        "@customer": "75.00",
        "MAIN": "45.00",
        "EAST": "30.00",
    }


def test_a_transfer_carries_its_value_to_the_last_cent():
    story = Story("average").come("1728", "156.526").go("500", to="@transit", document="T")
    moved = story.accounts["@transit"]
    story.come("500", to="EAST", by="@transit", document="T")
    assert (story.accounts["EAST"], story.accounts["@transit"]) == (moved, 0)
    assert "@transit/T" not in story.fold.state.pools


def test_stock_that_lay_under_a_mistyped_lot_is_worth_what_it_was():
    story = Story("fifo").come("2", "4").come("2", "9")
    story.go("3", to="@correction", document="L").come("3", by="@correction", document="L")
    assert (story.worth(), story.accounts["@correction"]) == ("26.00", 0)


def test_a_charge_finds_units_that_were_owed():
    """5 are sold before they come; they come from R, so a charge on R is of what was sold."""
    story = Story("fifo").come("1", "10").go("6").come("5", "12", document="rcp-R")
    assert story.worth("@customer") == "70.00"
    story.tell("charge", "rcp-R", amount="5")
    assert (story.worth(), story.worth("@customer")) == ("0.00", "75.00")


def test_a_standard_takes_no_other_value():
    story = Story("standard", "10").come("5", "12").go("2")
    assert (story.worth(), story.worth("@customer"), story.worth("@variance")) == (
        "30.00",
        "20.00",
        "10.00",
    )
    story.tell("method", method="standard", unit_cost="11")
    assert (story.worth(), story.worth("@revaluation")) == ("33.00", "-3.00")


def test_a_revaluation_is_of_what_lies_there():
    """10 at 100, 9 gone: a revaluation to 1200 and to 120 is of the one that is left."""
    story = Story("average").come("10", "100").go("9")
    story.tell("revalue", to_account="MAIN", unit_cost="1200")
    story.tell("revalue", to_account="MAIN", unit_cost="120")
    assert (story.worth(), story.worth("@customer")) == ("120.00", "900.00")


@pytest.mark.parametrize(("to", "worth"), [("fifo", "75.00"), ("average", "75.00")])
def test_a_change_of_method_moves_no_value(to, worth):
    begins = "average" if to == "fifo" else "fifo"
    story = Story(begins).come("5", "5").come("5", "10")
    story.tell("method", method=to)
    assert story.worth() == worth
    assert story.go("10").worth() == "0.00"


places = st.sampled_from(["MAIN", "EAST"])
amounts = st.decimals("0.01", "20", places=2)
counts = st.decimals("0.1", "9", places=1)
told = st.one_of(
    st.tuples(st.just("come"), counts, st.none() | amounts, places),
    st.tuples(st.just("go"), counts, places),
    st.tuples(st.just("send"), counts, places),
    st.tuples(st.just("charge"), st.integers(0, 9), st.decimals("-5", "50", places=2)),
    st.tuples(st.just("price"), st.integers(0, 9), amounts),
    st.tuples(st.just("revalue"), places, amounts),
    st.tuples(st.just("method"), st.sampled_from(["fifo", "average", "standard"]), amounts),
)


def play(story, acts):
    """Random acts, as facts: charges and prices are of receipts that have been."""
    receipts = []
    for what, *given_ in acts:
        if what == "come":
            story.come(str(given_[0]), given_[1] and str(given_[1]), given_[2])
            receipts.append(story.told[-1].document)
        elif what == "go":
            story.go(str(given_[0]), by=given_[1])
        elif what == "send":
            story.go(str(given_[0]), to="@transit", by=given_[1], document=f"T{len(story.told)}")
            to = "EAST" if given_[1] == "MAIN" else "MAIN"
            story.come(str(given_[0]), to=to, by="@transit", document=story.told[-1].document)
        elif what in ("charge", "price") and receipts:
            named = receipts[given_[0] % len(receipts)]
            field = {"charge": "amount", "price": "unit_cost"}[what]
            payer = {"charge": "@charges", "price": "@vendor"}[what]
            story.tell(what, named, from_account=payer, **{field: str(given_[1])})
        elif what == "revalue":
            story.tell("revalue", to_account=given_[0], unit_cost=str(given_[1]))
        elif what == "method":
            story.tell("method", method=given_[0], unit_cost=str(given_[1]))
    return story


@settings(deadline=None)
@given(acts=st.lists(told, min_size=1, max_size=30))
def test_no_cent_is_lost_and_none_made(acts):
    story = play(Story("average"), acts)
    assert sum(story.accounts.values()) == 0
    quantities = defaultdict(Decimal)
    for fact in story.told:
        if fact.kind == "move":
            quantities[fact.from_account] -= fact.quantity
            quantities[fact.to_account] += fact.quantity
    for place in ("MAIN", "EAST", "@transit"):
        pools = [
            pool.balance
            for name, pool in story.fold.state.pools.items()
            if name == place or name.startswith(f"{place}/")
        ]
        assert sum(quantity for quantity, _ in pools) == quantities[place]
        assert sum(value for _, value in pools) == story.accounts[place]
        if not quantities[place]:
            assert story.accounts[place] == 0, story.told
    assert all(
        holds_stock(place) or place.startswith("@transit/") for place in story.fold.state.pools
    )
