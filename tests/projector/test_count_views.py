"""What the views tell of counts: a sheet that hides what it must, a review, a plan of counts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from asks import (
    approve,
    ask,
    count,
    issue,
    item,
    location,
    open_count,
    post_count,
    receipt,
    record_stock,
    recount,
)
from ledger.views import count_plan, counts

TENANT = "default"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(ledger):
    ledger.ask(item("A"), item("B", track_by="batch"), item("C"), location("MAIN"))
    ledger.ask(
        record_stock("A", "7919.25"), record_stock("B", "6", lot="L1"), record_stock("C", "1")
    )
    ledger.ask(issue("C", "1"))
    return ledger


def opened(ledger, **fields):
    return ledger.ask(open_count(**fields))[0].body["count_id"]


FIRST = ("", "")


@pytest.mark.parametrize(("blind", "shown"), [(True, [None] * 3), (False, ["7919.25", "6", "0"])])
def test_a_sheet_lists_what_there_may_be_and_a_blind_one_no_quantity(ledger, seen, blind, shown):
    named = opened(ledger, blind=blind)
    ledger.ask(count(named, ledger.now(), ("A", "7900", None)))
    sheet = seen(counts.sheet, named, FIRST, 100)
    assert [(each.sku, each.lot, each.to_count) for each in sheet] == [
        ("A", "", False), ("B", "L1", True), ("C", "", True),
    ]  # fmt: skip
    assert [each.on_hand for each in sheet] == shown
    assert sheet[0].counted == "7900"
    assert seen(counts.sheet, named, ("B", "L0"), 1) == [sheet[1]]


def test_no_byte_of_what_a_counter_sees_holds_what_is_expected(ledger, seen):
    named = opened(ledger, tolerance_quantity="1")
    ledger.ask(count(named, ledger.now(), ("A", "7900", None)))
    ledger.ask(post_count(named))
    told = [seen(counts.count, named), seen(counts.sheet, named, FIRST, 100)]
    assert "19.25" not in repr(told)
    ledger.ask(approve(named), post_count(named))
    assert "7900" in repr(seen(counts.sheet, named, FIRST, 100)), "the books by now"


def test_a_sheet_is_of_what_the_count_is_about(ledger, seen):
    ledger.ask(record_stock("B", "1", lot="L2"))
    named = opened(ledger, scope=[{"sku": "C"}, {"sku": "B", "lot": "L2"}])
    sheet = seen(counts.sheet, named, FIRST, 100)
    assert [(each.sku, each.lot) for each in sheet] == [("B", "L2"), ("C", "")]
    ledger.ask(count(named, ledger.now(), ("C", "1", None)), recount(named, 1))
    sheet = seen(counts.sheet, named, FIRST, 100)
    assert [(each.line, each.to_count) for each in sheet] == [(None, True), (1, True)]


def test_a_review_tells_what_posting_would_find(ledger, seen):
    named = opened(ledger)
    ledger.ask(count(named, ledger.now(), ("A", "7900", None), ("B", "6", "L1"), ("B", "2", "L9")))
    ledger.ask(issue("A", "100"))
    ledger.ask(recount(named, 2))

    def reviewed(after=0, limit=10):
        return [
            (each.line, each.attempt, each.expected, each.variance, each.posted)
            for each in seen(counts.review, named, after, limit)
        ]

    before = reviewed()
    assert before == [
        (1, 1, "7919.25", "-19.25", False), (2, 2, None, None, False), (3, 1, "0", "2", False),
    ]  # fmt: skip
    assert reviewed(1, 1) == before[1:2]
    ledger.ask(post_count(named, allow_partial=True))
    ledger.ask(issue("A", "1"))
    assert [line[2:] for line in reviewed()] == [
        ("7919.25", "-19.25", True), (None, None, False), ("0", "2", True),
    ]  # fmt: skip


def test_a_plan_knows_when_each_level_was_last_counted_and_how_well(ledger, seen):
    first = opened(ledger)
    at = ledger.now()
    ledger.ask(count(first, at, ("A", "7919.25", None), ("C", "0", None)), post_count(first))
    second = opened(ledger)
    later = ledger.now()
    ledger.ask(count(second, later, ("A", "7900", None)), post_count(second))
    stocked = {each.sku: each for each in seen(count_plan.stocked, "MAIN")}
    assert (stocked["A"].expected, stocked["A"].counted) == (Decimal("7919.25"), Decimal(7900))
    assert stocked["A"].counted_at == datetime.fromisoformat(later)
    assert stocked["B"].counted_at is None
    assert [stocked[sku].moved_since for sku in "ABC"] == [False] * 3
    ledger.ask(issue("A", "1"))
    assert seen(count_plan.stocked, "MAIN")[0].moved_since
    found = seen(count_plan.accuracy, "MAIN", LONG_AGO)
    assert found == count_plan.Accuracy(3, 2, Decimal("19.25"))
    assert seen(count_plan.accuracy, "MAIN", datetime.now(UTC) + timedelta(days=1)).lines == 0


def test_an_item_is_worth_its_last_cost_and_as_fast_as_it_leaves(ledger, seen):
    ledger.ask(receipt(("A", "1", None), unit_cost="2"))
    ledger.ask(
        receipt(("A", "0.75", None), unit_cost="3"), receipt(("B", "4", "L2"), unit_cost="5")
    )
    ledger.ask(issue("A", "21"), issue("A", "1", to="loss"))
    worth = seen(count_plan.values, "MAIN")
    assert worth == {"A": Decimal(7899 * 3), "B": Decimal(50), "C": Decimal(0)}
    assert seen(count_plan.velocities, "MAIN", LONG_AGO) == {"A": Decimal(21), "C": Decimal(1)}


def test_a_count_is_read_as_it_stands(ledger, seen):
    named = opened(ledger)
    ledger.ask(ask("count.cancel", {"count_id": named, "reason": "rain"}))
    assert orjson.loads(seen(counts.count, named))["status"] == "cancelled"
    assert seen(counts.count, "cnt-9") is None
