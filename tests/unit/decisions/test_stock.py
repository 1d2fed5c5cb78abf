"""Counts and adjustments: what moves, and never what is promised."""

from decimal import Decimal

import pytest

import paper
from schemas.commands.stock import AdjustStock, RecordStock


def record(quantity, **changes):
    fields = {"sku": "A", "location": "MAIN", "quantity": quantity, "reason": "count", **changes}
    return RecordStock(**fields)


def adjust(delta, **changes):
    fields = {"sku": "A", "location": "MAIN", "delta": delta, "reason_code": "r", **changes}
    return AdjustStock(**fields)


# Over 10 on hand, 4 of them reserved.
CASES = [
    (record("12"), 201, None, "2"),
    (record("10"), 201, None, "0"),
    (record("4"), 201, None, "-6"),
    (record("3"), 409, "insufficient-stock", None),
    (record("0"), 409, "insufficient-stock", None),
    (record("1", sku="NONE"), 422, "unknown-item", None),
    (record("1", location="NOWHERE"), 422, "unknown-location", None),
    (record("1", location="EAST"), 201, None, "1"),
    (record("1", lot="L"), 422, "lot-rule", None),
    (record("1", sku="B"), 422, "lot-rule", None),
    (record("1", sku="B", lot="L"), 201, None, "1"),
    (adjust("0.5"), 201, None, "0.5"),
    (adjust("-6"), 201, None, "-6"),
    (adjust("-6.000001"), 409, "insufficient-stock", None),
    (adjust("999999999999"), 422, "quantity-out-of-bounds", None),
    (adjust("1", sku="NONE"), 422, "unknown-item", None),
    (adjust("1", sku="B"), 422, "lot-rule", None),
]


@pytest.mark.parametrize(("command", "code", "refused", "difference"), CASES)
def test_stock_moves_by_the_difference(command, code, refused, difference):
    outcome = paper.decided(command, paper.book(("A", "", "10", "4")))
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if difference is not None:
        moved = [
            each.quantity if each.from_account == "@loss" else -each.quantity
            for each in outcome.movements
        ]
        assert sum(moved) == Decimal(difference)
        assert outcome.body["difference"] == difference


def test_a_short_count_names_what_it_wanted_and_what_there_was():
    outcome = paper.decided(record("3"), paper.book(("A", "", "10", "4")))
    assert outcome.problem["lines"] == [
        {"sku": "A", "location": "MAIN", "lot": None, "requested": "7", "available": "6"}
    ]
