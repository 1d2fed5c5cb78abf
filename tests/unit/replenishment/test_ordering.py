"""The arithmetic of replenishment: cases with numbers, and what holds of all of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.ordering import (
    Arithmetic,
    Rate,
    Stock,
    quantile,
    reckoned,
    rounded_down,
    rounded_up,
    status,
)
from ledger.reckoning import RESULTS, again, told
from ledger.replenishing import Replenishment

ONE = Decimal(1)


def policy(kind, **words):
    said = dict.fromkeys(Replenishment._fields)
    said |= {name: Decimal(value) for name, value in words.items()}
    return Replenishment(**{**said, "kind": kind, "version": 1})


def stock(on_hand="0", **words):
    said = {name: Decimal(words.get(name, 0)) for name in Stock._fields}
    return Stock(**{**said, "on_hand": Decimal(on_hand)})


def rate(mean, sigma="0"):
    return Rate(Decimal(mean), Decimal(sigma))


def orders(found):
    return " ".join(f"{each.times}x{each.quantity}" for each in found.orders)


def steps(found):
    return [" ".join(f"{rule} {number}" for rule, number in each.steps) for each in found.orders]


CASES = [
    # what lies exactly at the point fires, and what is ordered lifts strictly above it
    (policy("fixed-quantity", reorder_point=14, quantity=7), stock(), "1x21"),
    (policy("fixed-quantity", reorder_point=13, quantity=7), stock(), "1x14"),
    (policy("fixed-quantity", reorder_point=14, quantity=7), stock("14"), "1x7"),
    (policy("fixed-quantity", reorder_point=14, quantity=7), stock("15"), ""),
    (policy("reorder-point", reorder_point=10), stock("10"), "1x1"),
    (policy("reorder-point", reorder_point=10), stock("4"), "1x7"),
    (policy("reorder-point", reorder_point=10), stock("11"), ""),
    (policy("reorder-point", reorder_point=10, order_multiple=6), stock("4"), "1x12"),
    (policy("reorder-point", reorder_point=10, order_min=20), stock("4"), "1x20"),
    # what is promised beyond what is there, and what comes, count
    (policy("reorder-point", reorder_point=0), stock("0", reserved="5"), "1x6"),
    (policy("reorder-point", reorder_point=10), stock("4", incoming="7"), ""),
    (policy("reorder-point", reorder_point=10), stock("4", incoming="6"), "1x1"),
    (policy("reorder-point", reorder_point=10), stock("4", accepted="7"), ""),
    (policy("reorder-point", reorder_point=10), stock("30", held="10", unusable="15"), "1x6"),
    # up to the maximum
    (policy("min-max", reorder_point=5, maximum=40), stock("5"), "1x35"),
    (policy("min-max", reorder_point=5, maximum=40), stock("6"), ""),
    (policy("min-max", reorder_point=5, maximum=40, order_multiple=12), stock("5"), "1x36"),
    (policy("min-max", reorder_point=5, maximum=40, order_max=10), stock("5"), "3x10 1x5"),
    # what is asked for and not there, no more
    (policy("lot-for-lot"), stock("3", reserved="10"), "1x7"),
    (policy("lot-for-lot"), stock("0"), ""),
    (policy("lot-for-lot", safety_stock=4), stock("4"), ""),
    (policy("lot-for-lot", safety_stock=4), stock("3"), "1x1"),
    # the safety stock is a point of its own
    (policy("reorder-point", reorder_point=2, safety_stock=5), stock("4"), "1x2"),
    # the largest order is a whole multiple
    (
        policy("reorder-point", reorder_point=99, order_multiple=6, order_max=20),
        stock(),
        "5x18 1x12",
    ),
]


@pytest.mark.parametrize(("of", "there", "ordered"), CASES)
def test_what_is_ordered(of, there, ordered):
    assert orders(reckoned(of, there, None, None, ONE)) == ordered


def test_an_order_that_is_cut_leaves_a_rest_that_is_raised_again():
    """28 lift above the safety stock: cut to 25, and of the rest 3 become 7 and then 10."""
    words = {"safety_stock": 27, "quantity": 7, "order_min": 10, "order_max": 25}
    of = policy("fixed-quantity", reorder_point=0, **words)
    found = reckoned(of, stock(), None, None, ONE)
    assert (found.need, found.total) == (28, 35)
    assert steps(found) == ["need 28 order_max 25", "rest 3 quantity 7 order_min 10"]


def test_a_point_by_demand_over_the_lead_time_with_safety():
    """4 a day (deviation 3) over 9 days (deviation 2): at 95 %, 36 and a safety stock of 20."""
    of = policy("reorder-point", service_level=95)
    found = reckoned(of, stock("50"), rate("4", "3"), rate("9", "2"), ONE)
    assert (found.z, found.safety_stock) == (Decimal("1.644854"), 20)
    assert (found.lead_demand, found.point, found.need) == (36, 56, 7)
    assert steps(found) == ["need 7"]


@pytest.mark.parametrize(
    ("demand", "lead_time", "unknown"),
    [(None, rate("9"), "demand-unknown"), (rate("4"), None, "lead-time-unknown")],
)
def test_what_nobody_knows_is_named(demand, lead_time, unknown):
    for of in (policy("reorder-point"), policy("lot-for-lot", service_level=95)):
        assert reckoned(of, stock(), demand, lead_time, ONE) == unknown
    stated = policy("reorder-point", reorder_point=3)
    assert isinstance(reckoned(stated, stock(), demand, lead_time, ONE), Arithmetic)


@pytest.mark.parametrize(
    ("percent", "z"), [("50", "0"), ("84.134475", "1"), ("97.724987", "2"), ("99.9", "3.090232")]
)
def test_quantiles(percent, z):
    assert quantile(Decimal(percent)) == Decimal(z)


@pytest.mark.parametrize(
    ("available", "said"),
    [
        ("-1", "stock-out"), ("0", "stock-out"), ("1", "low-stock"), ("5", "low-stock"),
        ("6", "reorder"), ("10", "reorder"), ("11", "in-stock"), ("40", "in-stock"),
        ("41", "overstock"),
    ],
)  # fmt: skip
def test_thresholds_are_part_of_what_lies_below_them(available, said):
    assert status(Decimal(available), Decimal(5), Decimal(10), Decimal(40)) == said


def decimals(low, high):
    return st.decimals(low, high, places=3, allow_nan=False)


steps_of = st.sampled_from([Decimal(each) for each in ("0.001", "0.5", "1", "3", "12")])


@st.composite
def policies(draw):
    kind = draw(st.sampled_from(["reorder-point", "min-max", "fixed-quantity", "lot-for-lot"]))
    words = {"safety_stock": draw(st.none() | decimals(0, 50))}
    if kind != "lot-for-lot":
        words["reorder_point"] = draw(decimals(0, 90))
    if kind == "min-max":
        words["maximum"] = draw(decimals(91, 300))
    if kind == "fixed-quantity":
        words["quantity"] = draw(decimals(1, 40))
    words["order_multiple"] = multiple = draw(st.none() | steps_of)
    words["order_min"] = draw(st.none() | decimals("0.001", 20))
    words["order_max"] = draw(
        st.none() | decimals(40, 100).map(lambda most: most + (multiple or 0))
    )
    return policy(kind, **{name: word for name, word in words.items() if word is not None})


@given(policies(), decimals(-100, 200), steps_of)
def test_what_is_ordered_fits_the_rules_and_is_enough(of, on_hand, unit):
    there = stock(on_hand)
    found = reckoned(of, there, None, None, unit)
    for order in found.orders:
        if of.order_multiple is not None:
            assert order.quantity % of.order_multiple == 0
        assert of.order_min is None or order.quantity >= of.order_min
        assert of.order_max is None or order.quantity <= of.order_max
    after = there.projected + found.total
    if of.kind == "lot-for-lot":
        assert after >= found.safety_stock
    else:
        assert after > max(of.reorder_point, found.safety_stock)
    assert bool(found.orders) == bool(found.need)


@given(policies(), decimals(-100, 200), steps_of)
def test_who_asks_again_is_told_the_same_and_who_has_ordered_nothing_more(of, on_hand, unit):
    there = stock(on_hand)
    found = reckoned(of, there, None, None, unit)
    arithmetic = told(of, there, None, None, unit, found)
    assert again(arithmetic) == found
    assert set(RESULTS) <= set(arithmetic)
    ordered = there._replace(accepted=found.total)
    assert reckoned(of, ordered, None, None, unit).orders == ()


@given(decimals(-100, 100), steps_of)
def test_rounding_goes_to_the_nearest_step(quantity, step):
    up, down = rounded_up(quantity, step), rounded_down(quantity, step)
    assert down <= quantity <= up
    assert up - quantity < step
    assert quantity - down < step
    assert up % step == down % step == 0
