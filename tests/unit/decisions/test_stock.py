"""Counts, adjustments and issues: what moves, and never what is promised."""

from decimal import Decimal

import pytest

import paper
from asks import TENANT
from ledger.documents import Lot
from schemas.commands.stock import AdjustStock, IssueStock, RecordStock


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


def issue(*lines, to="customer"):
    wanted = [
        {"sku": sku, "location": "MAIN", "quantity": each, "lot": lot} for sku, each, lot in lines
    ]
    return IssueStock(to=to, lines=wanted, reason_code="r")


def lots():
    """Of A 6 are available, of B 4 in L1 and 5 in L3; L2 is recalled."""
    over = paper.book(
        ("A", "", "10", "4"), ("B", "L1", "4", "0"), ("B", "L2", "9", "0"), ("B", "L3", "5", "0")
    )
    over.lots[TENANT, "B", "L2"] = Lot(
        TENANT, "B", "L2", "recalled", "r", None, None, None, None, 1
    )
    return over


ISSUES = [
    (issue(("A", "6", None)), 201, None, [("", "6")]),
    (issue(("A", "6.5", None)), 409, "insufficient-stock", None),
    (issue(("A", "4", None), ("A", "2", None)), 201, None, [("", "4"), ("", "2")]),
    (issue(("A", "4", None), ("A", "3", None)), 409, "insufficient-stock", None),
    (issue(("B", "6", None)), 201, None, [("L1", "4"), ("L3", "2")]),
    (issue(("B", "10", None)), 409, "insufficient-stock", None),  # nothing of L2
    (issue(("B", "10", None), to="scrap"), 409, "insufficient-stock", None),  # unless it is named
    (issue(("B", "1", "L2")), 409, "insufficient-stock", None),
    (issue(("B", "9", "L2"), to="scrap"), 201, None, [("L2", "9")]),
    (issue(("B", "10", "L2"), to="loss"), 409, "insufficient-stock", None),
    (issue(("A", "1", "L1")), 422, "lot-rule", None),
    (issue(("NONE", "1", None)), 422, "unknown-item", None),
]


@pytest.mark.parametrize(("command", "code", "refused", "taken"), ISSUES)
def test_an_issue_takes_what_is_available_and_may_be_used(command, code, refused, taken):
    outcome = paper.decided(command, lots())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if taken is not None:
        assert [(each.lot, str(each.quantity)) for each in outcome.movements] == taken
        assert {each.to_account for each in outcome.movements} == {f"@{command.to}"}
        assert [line["quantity"] for line in outcome.body["lines"]] == [each for _, each in taken]
