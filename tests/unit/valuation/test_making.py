"""What is made is worth what went in, and what comes back is worth what it left for: to the last cent."""

from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from books import Books
from plain_values import PlainValues


def school():
    """Two pencils at 1 and a case at 3."""
    return Books().come("PENCIL", "2", "1", "rcp-P").come("CASE", "1", "3")


def test_a_kit_takes_the_value_of_what_went_in():
    books = school().make("kit-1", [("PENCIL", "2"), ("CASE", "1")], [("SET", "1")])
    assert books.worth() == {
        "PENCIL": {"@production": "2.00", "@vendor": "-2.00"},
        "CASE": {"@production": "3.00", "@vendor": "-3.00"},
        "SET": {"@production": "-5.00", "MAIN": "5.00"},
    }


def test_a_kit_taken_apart_is_divided_by_what_its_parts_cost():
    """A set that was bought for 7.50: a case costs 3 and two pencils 2, so these get 4.50 and 3."""
    books = school().come("SET", "1", "7.50")
    books.make("kit-2", [("SET", "1")], [("CASE", "1")], [("PENCIL", "2")])
    worth = books.worth()
    assert worth["SET"] == {"@production": "7.50", "@vendor": "-7.50"}
    assert worth["CASE"]["MAIN"] == "7.50"  # 3 and 4.50
    assert (worth["PENCIL"]["MAIN"], worth["PENCIL"]["@scrap"]) == ("2.00", "3.00")


def test_parts_of_which_nobody_knows_a_cost_are_divided_by_quantity():
    books = Books().come("SET", "1", "10")
    books.make("kit-2", [("SET", "1")], [("CASE", "1"), ("PENCIL", "2")])
    worth = books.worth()
    assert (worth["CASE"]["MAIN"], worth["PENCIL"]["MAIN"]) == ("3.33", "6.67")


def baked(*, sold="0"):
    """10 flour at 1 go into an order, which makes 10 loaves, and then 30."""
    books = Books().come("FLOUR", "20", "1", "rcp-F")
    books.make("prd-1", [("FLOUR", "10")], [])
    books.make("prd-1", [], [("BREAD", "10")])
    if sold != "0":
        books.go("BREAD", sold)
    return books


def test_what_is_made_shares_what_went_in_so_far():
    assert baked().worth()["BREAD"] == {"@production": "-10.00", "MAIN": "10.00"}
    books = baked(sold="10")
    assert books.worth()["BREAD"] == {"@production": "-10.00", "@customer": "10.00"}
    books.make("prd-1", [], [("BREAD", "30")])
    worth = books.worth()["BREAD"]
    assert worth == {"@production": "-10.00", "@customer": "2.50", "MAIN": "7.50"}


def test_what_goes_in_later_follows_what_was_made():
    books = baked(sold="5").make("prd-1", [("FLOUR", "4")], [])
    assert books.worth()["BREAD"] == {"@production": "-14.00", "@customer": "7.00", "MAIN": "7.00"}


def test_a_late_price_follows_what_was_made_of_it():
    """The flour cost 1.50 in the end: half of it lies there, half is in bread, half of that is sold."""
    books = baked(sold="5").price("FLOUR", "rcp-F", "1.50", stated="20")
    assert books.worth() == {
        "FLOUR": {"@production": "15.00", "@vendor": "-30.00", "MAIN": "15.00"},
        "BREAD": {"@production": "-15.00", "@customer": "7.50", "MAIN": "7.50"},
    }


def test_a_late_price_follows_through_what_was_made_of_what_was_made():
    books = school().make("kit-1", [("PENCIL", "2"), ("CASE", "1")], [("SET", "1")])
    books.make("kit-2", [("SET", "1")], [("GIFT", "1")]).go("GIFT", "1")
    books.charge("PENCIL", "rcp-P", "0.07")
    worth = books.worth()
    assert worth["GIFT"] == {"@production": "-5.07", "@customer": "5.07"}
    assert worth["SET"] == {}


def test_what_is_dated_back_changes_what_was_made_since():
    books = baked().come("FLOUR", "10", "4", hour=1)
    assert books.worth()["BREAD"]["MAIN"] == "20.00"  # 30 flour for 60


@pytest.mark.parametrize(("lots", "values"), [(3, "33.33 33.34 33.33"), (7, None)])
def test_no_cent_is_lost_between_lots(lots, values):
    books = Books("fifo").come("FLOUR", "1", "100").make("prd-1", [("FLOUR", "1")], [])
    books.make("prd-1", [], [("BREAD", "1")] * lots)
    folds, accounts = books.folded()
    layers = [str(layer.value) for layer in folds["BREAD"].state.pool("MAIN").layers]
    assert values in (None, " ".join(layers))
    assert sum(map(Decimal, layers)) == accounts["BREAD"]["MAIN"] == 100


def test_an_order_that_is_cancelled_gives_back_what_each_item_went_in_for():
    books = school().make("prd-1", [("PENCIL", "2"), ("CASE", "1")], [])
    books.come("PENCIL", "2", "9").make("prd-1", [], [("PENCIL", "2"), ("CASE", "1")])
    worth = books.worth()
    assert worth["CASE"] == {"@vendor": "-3.00", "MAIN": "3.00"}
    assert worth["PENCIL"] == {"@vendor": "-20.00", "MAIN": "20.00"}


def test_what_is_repacked_keeps_its_value_and_waste_takes_its_own():
    books = Books().come("B", "10", "2", "rcp-B")
    books.move("rpk-1", ("B", "9", "MAIN", "@production"), ("B", "1", "MAIN", "@scrap"),
               ("B", "5", "@production", "MAIN"), ("B", "4", "@production", "MAIN"))  # fmt: skip
    assert books.worth()["B"] == {"@scrap": "2.00", "@vendor": "-20.00", "MAIN": "18.00"}
    books.charge("B", "rcp-B", "1")
    assert books.worth()["B"] == {
        "@charges": "-1.00", "@scrap": "2.10", "@vendor": "-20.00", "MAIN": "18.90",
    }  # fmt: skip


def test_by_standard_what_it_cost_otherwise_is_a_variance():
    books = Books("standard", standard="4").come("FLOUR", "10", "4")
    books.make("prd-1", [("FLOUR", "10")], []).make("prd-1", [], [("BREAD", "8")])
    worth = books.worth()["BREAD"]
    assert worth == {"@production": "-40.00", "@variance": "8.00", "MAIN": "32.00"}


def test_a_circle_of_what_is_made_of_each_other_comes_to_an_end():
    """A was made of P, and went into the order that P had come from: whose cost is a late charge?"""
    books = Books().come("X", "1", "10", "rcp-X").make("prd-1", [("X", "1")], [])
    books.make("prd-1", [], [("P", "1")]).make("kit-2", [("P", "1")], [("A", "1")])
    books.make("prd-1", [("A", "1")], []).charge("X", "rcp-X", "5")
    _, accounts = books.folded()
    assert all(sum(each.values()) == 0 for each in accounts.values())
    assert accounts["P"]["MAIN"] == accounts["A"]["MAIN"] == 0
    assert sum(each["@variance"] for each in accounts.values()) == 15


def sold_and_back(method):
    """One at 5 and one at 10, each sold by an order of its own; then 2 at 20; the second comes back."""
    books = Books(method).come("A", "1", "5").come("A", "1", "10", "rcp-R")
    for order in ("rsv-1", "rsv-2"):
        books.go("A", "1", document=order)
    books.come("A", "2", "20")
    return books.move("rsv-2", ("A", "1", "@customer", "MAIN"))


@pytest.mark.parametrize(("method", "worth"), [("fifo", "50.00"), ("average", "47.50")])
def test_what_comes_back_is_worth_what_it_left_for(method, worth):
    assert sold_and_back(method).worth()["A"]["MAIN"] == worth


@pytest.mark.parametrize("method", ["fifo", "average"])
def test_a_price_after_the_return_follows_what_came_back(method):
    before, after = sold_and_back(method), sold_and_back(method).price("A", "rcp-R", "12", "10")
    change = Decimal(after.worth()["A"]["MAIN"]) - Decimal(before.worth()["A"]["MAIN"])
    assert change == 2


@pytest.mark.parametrize("late", [False, True])
def test_a_price_is_in_what_comes_back_before_it_or_after(late):
    books = Books().come("A", "3", "10", "rcp-R").go("A", "3", document="rsv-1")
    if not late:
        books.price("A", "rcp-R", "12", stated="30")
    books.move("rsv-1", ("A", "2", "@customer", "MAIN"))
    if late:
        books.price("A", "rcp-R", "12", stated="30")
    assert books.worth()["A"] == {"@customer": "12.00", "@vendor": "-36.00", "MAIN": "24.00"}


def test_what_comes_back_broken_takes_its_cost_to_scrap():
    books = Books().come("A", "1", "10").go("A", "1", document="rsv-1").come("A", "1", "30")
    books.move("rsv-1", ("A", "1", "@customer", "@scrap"))
    assert books.worth()["A"] == {"@scrap": "10.00", "@vendor": "-40.00", "MAIN": "30.00"}


def test_what_was_sold_before_it_came_comes_back_at_what_it_cost_in_the_end():
    books = Books().come("A", "1", "10").go("A", "3", document="rsv-1").come("A", "2", "16")
    books.move("rsv-1", ("A", "3", "@customer", "MAIN"))
    assert books.worth()["A"] == {"@vendor": "-42.00", "MAIN": "42.00"}


@pytest.mark.parametrize(
    ("method", "vendor", "left"),
    [("fifo", "-50.00", "50.00"), ("average", "-50.00", "50.00"), ("standard", "-70.00", "70.00")],
)
def test_what_goes_back_to_a_vendor_leaves_at_its_receipts_cost(method, vendor, left):
    """10 at 5 and 10 at 9; of the second all go back, as if they had never come; or at the standard, 7."""
    books = Books(method, standard="7").come("A", "10", "5").come("A", "10", "9", "rcp-R")
    worth = books.go("A", "10", to="@vendor", document="rcp-R").worth()["A"]
    assert (worth["@vendor"], worth["MAIN"]) == (vendor, left)


def test_what_goes_back_to_a_vendor_leaves_no_value_where_nothing_is():
    """By average 5 were sold at 7.50; the last five go back at 10 and leave 12.50 too little behind."""
    books = Books().come("A", "5", "5").come("A", "5", "10", "rcp-R").go("A", "5")
    worth = books.go("A", "5", to="@vendor", document="rcp-R").worth()["A"]
    assert worth == {"@customer": "37.50", "@variance": "-12.50", "@vendor": "-25.00"}


def test_more_than_lies_there_of_a_receipt_goes_back_at_what_the_rest_is_worth():
    books = Books("fifo").come("A", "2", "5").come("A", "2", "9", "rcp-R")
    worth = books.go("A", "3", to="@vendor", document="rcp-R").worth()["A"]
    assert worth == {"@vendor": "-5.00", "MAIN": "5.00"}


counts = st.integers(1, 6).map(Decimal)
costs = st.integers(1, 999).map(lambda cents: Decimal(cents) / 100)
skus = st.sampled_from(["A", "B", "K"])
acts = st.one_of(
    st.tuples(st.just("come"), skus, counts, costs),
    st.tuples(st.just("ship"), skus, counts),
    st.tuples(st.just("give_back"), st.integers(0, 9), counts),
    st.tuples(st.just("assemble"), counts),
    st.tuples(st.just("take_apart"), counts),
    st.tuples(st.just("use"), st.sampled_from(["A", "B"]), counts),
    st.tuples(st.just("produce"), counts),
)


@settings(deadline=None, max_examples=150)
@given(played=st.lists(acts, min_size=1, max_size=25))
def test_books_agree_with_a_plain_model(played):
    plain = PlainValues(Books())
    for act in played:
        plain.play(*act)
    _, accounts = plain.books.folded()
    assert all(sum(each.values()) == 0 for each in accounts.values())
    for sku, (quantity, value) in plain.stock.items():
        assert abs(accounts[sku]["MAIN"] - value) <= Decimal("0.01") * len(played)
        assert quantity or not accounts[sku]["MAIN"]
    shipped = sum(value for _, _, value, _ in plain.shipped)
    assert abs(sum(each["@customer"] for each in accounts.values()) - shipped) < 1
    left = sum(each["@production"] for each in accounts.values())
    assert left == 0 if plain.made else abs(left - plain.order) <= Decimal("0.01") * len(played)


@settings(deadline=None, max_examples=100)
@given(
    method=st.sampled_from(["fifo", "average", "standard"]),
    decimals=st.sampled_from([0, 2, 3]),
    played=st.lists(acts | st.tuples(st.just("rework"), counts), min_size=1, max_size=20),
    late=st.lists(st.tuples(st.integers(0, 9), st.integers(-200, 999)), max_size=4),
)
def test_no_unit_of_money_is_lost_or_made(method, decimals, played, late):
    """However values are kept, whatever is said of costs later, and whatever is made of each other."""
    plain = PlainValues(Books(method, decimals, "3"))
    for act in played:
        plain.play(*act)
    books = plain.books
    receipts = [
        (sku, fact.document)
        for sku, facts in books.facts.items()
        for fact in facts
        if fact.document.startswith("rcp-")
    ]
    for number, amount in late if receipts else ():
        books.charge(*receipts[number % len(receipts)], str(amount))
    _, accounts = books.folded()
    assert all(sum(each.values()) == 0 for each in accounts.values())
    smallest = Decimal(1).scaleb(-decimals)
    assert all(value % smallest == 0 for each in accounts.values() for value in each.values())
    for (sku, place), quantity in books.lying().items():
        assert quantity or place != "MAIN" or not accounts[sku][place]
    if plain.made:
        assert sum(each["@production"] for each in accounts.values()) == 0
