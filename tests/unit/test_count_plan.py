"""Classes by value and velocity, and what is due to be counted: tables of numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ledger.count_plan import ABC, Boundary, Due, Rules, Stocked, classes, due, stricter

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)

CLASSES = [
    # The first fills 60 %, the second reaches 85 %: A is still open for it. The third begins at 85.
    ({"P": "600", "Q": "250", "R": "100", "S": "50"}, {"P": "A", "Q": "A", "R": "B", "S": "C"}),
    ({"P": "1000"}, {"P": "A"}),
    ({"P": "0", "Q": "0"}, {"P": "C", "Q": "C"}),
    ({"P": "5", "Q": "-1"}, {"P": "A", "Q": "C"}),
    # Ties go by the code: four fifths of equals are A.
    ({"E": "1", "D": "1", "C": "1", "B": "1", "A": "1"},
     {"A": "A", "B": "A", "C": "A", "D": "A", "E": "B"}),
    ({}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("amounts", "found"), CLASSES)
def test_an_item_is_of_the_first_class_that_is_not_filled(amounts, found):
    assert classes({sku: Decimal(amount) for sku, amount in amounts.items()}) == found


def test_the_boundaries_are_the_callers():
    halves = (Boundary("fast", Decimal(50)),)
    amounts = {"P": Decimal(50), "Q": Decimal(49), "R": Decimal(1)}
    assert classes(amounts, halves, "slow") == {"P": "fast", "Q": "slow", "R": "slow"}


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 50).map(Decimal)))
def test_classes_do_not_depend_on_the_order_and_a_dearer_item_is_never_in_a_lower_one(amounts):
    found = classes(amounts)
    assert found == classes(dict(reversed(amounts.items())))
    for one in amounts:
        for other in amounts:
            if amounts[one] > amounts[other]:
                assert found[one] <= found[other]
    total = sum(amounts.values())
    before_the_last_a = sorted(amounts[sku] for sku in amounts if found[sku] == "A")[1:]
    assert sum(before_the_last_a) * 100 <= ABC[0].percent * total


def test_of_two_classes_the_stricter_one_counts():
    assert stricter({"P": "A", "Q": "C"}, {"P": "C", "Q": "B", "R": "B"}) == {
        "P": "A", "Q": "B", "R": "B",
    }  # fmt: skip


RULES = Rules({"A": 30 * DAY, "B": 90 * DAY}, variance_percent=Decimal(10))
TEN = (Decimal(10), Decimal(10))
CASES = [
    ("10", None, None, False, "never", None),
    ("0", None, None, False, "zero", None),
    ("10", 29, TEN, True, None, None),
    ("10", 30, TEN, True, "periodic", 0),
    ("10", 31, TEN, True, "periodic", 1),
    ("0", 1, TEN, True, "zero", 1),
    ("0", 1, TEN, False, None, None),  # it was counted empty, and stayed so
    ("9", 6, (Decimal(10), Decimal("8.9")), True, None, None),  # 11 % off, but not a week ago
    ("9", 8, (Decimal(10), Decimal("8.9")), True, "variance", 1),
    ("9", 8, (Decimal(10), Decimal(9)), True, None, None),
    ("1", 8, (Decimal(0), Decimal(1)), True, "variance", 1),
]


@pytest.mark.parametrize(("on_hand", "days", "last", "moved", "reason", "overdue"), CASES)
def test_a_level_is_due_by_its_class_when_it_ran_out_and_after_a_bad_count(
    on_hand, days, last, moved, reason, overdue
):
    at = None if days is None else NOW - days * DAY
    level = Stocked("P", "MAIN", "", Decimal(on_hand), at, *(last or (None, None)), moved)
    since = None if overdue is None else NOW - overdue * DAY
    wanted = [Due("P", "MAIN", "", "A", reason, since)] if reason else []
    assert due([level], {"P": "A"}, RULES, NOW) == wanted


def test_what_is_most_urgent_comes_first():
    def level(sku, days, expected="10", on_hand="10"):
        at = None if days is None else NOW - days * DAY
        last = (None, None) if days is None else (Decimal(expected), Decimal(10))
        return Stocked(sku, "MAIN", "", Decimal(on_hand), at, *last, moved_since=True)

    levels = [
        level("B1", 100), level("A1", 31), level("A2", 40), level("N", None),
        level("Z", 2, on_hand="0"), level("V", 9, expected="20"), level("C1", 400),
    ]  # fmt: skip
    names = {"A1": "A", "A2": "A", "B1": "B", "V": "B", "Z": "B", "C1": "C"}
    found = due(levels, names, RULES, NOW)
    assert [each.sku for each in found] == ["V", "Z", "N", "A2", "A1", "B1"], "C has no interval"
    assert due(reversed(levels), names, RULES, NOW) == found


def test_without_its_rules_only_the_calendar_counts():
    level = Stocked(
        "P", "MAIN", "", Decimal(0), NOW - DAY, Decimal(9), Decimal(0), moved_since=True
    )
    assert due([level], {"P": "A"}, Rules({"A": 2 * DAY}, zero=False), NOW) == []
    never = Stocked("P", "MAIN", "", Decimal(0))
    assert due([never], {}, Rules({}, zero=False), NOW) == []
