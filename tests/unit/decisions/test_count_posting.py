"""Posting a count: each line against the books as they were when it was counted."""

from decimal import Decimal

import pytest

import paper
from asks import TENANT
from counted import AT, BOB, COUNT, OPENED, counted, line, moved, post, posted_lines, rules, shop
from ledger.documents import Lot
from schemas.commands.counts import (
    ApproveCount,
    OpenCount,
    PostCount,
    RecordCount,
)
from schemas.times import stamp

WORKED = [
    ("1000", "0", "1000", "0", "1000"),
    ("900", "0", "1000", "-100", "900"),
    ("900", "-100", "1000", "-100", "800"),  # 100 were issued after the count
    ("1000", "-100", "1000", "0", "900"),
    ("1010", "50", "1000", "10", "1060"),
]


@pytest.mark.parametrize(("found", "since", "expected", "variance", "on_hand"), WORKED)
def test_what_moves_after_the_count_is_no_variance(found, since, expected, variance, on_hand):
    over = shop()
    counted(over, line(found))
    moved(over, since)
    outcome = paper.kept(post(), over, "3")
    assert posted_lines(outcome) == [(1, expected, variance)]
    assert over.level(TENANT, "A", "MAIN", "").on_hand == Decimal(on_hand)
    assert (outcome.body["status"], outcome.body["posted"]) == ("posted", 1)


def test_what_moved_before_the_count_is_no_variance_either():
    """The sheet said 1000; 100 left before 900 were counted: the books agreed all the while."""
    over = shop(("A", "", "900", "100"))
    counted(over, line("900"))
    outcome = paper.kept(post(), over, "3")
    assert posted_lines(outcome) == [(1, "900", "0")]
    assert outcome.movements == ()
    assert (outcome.body["adjusted"], outcome.body["agreed"]) == (0, 1)


TOLERANCES = [
    ({}, "1", True),  # none given: no variance needs approval
    ({"tolerance_quantity": "0"}, "1000", True),
    ({"tolerance_quantity": "0"}, "999.999999", False),
    ({"tolerance_quantity": "10"}, "990", True),
    ({"tolerance_quantity": "10"}, "1010.5", False),
    ({"tolerance_percent": "2.5"}, "975", True),
    ({"tolerance_percent": "2.5"}, "974", False),
    ({"tolerance_percent": "2.5", "tolerance_quantity": "10"}, "980", False),
    ({"tolerance_percent": "0.5", "tolerance_quantity": "10"}, "991", False),
]


@pytest.mark.parametrize(("tolerance", "found", "within"), TOLERANCES)
def test_a_variance_beyond_a_tolerance_needs_approval(tolerance, found, within):
    over = shop(("A", "", "1000", "0"), **tolerance)
    counted(over, line(found))
    outcome = paper.decided(post(), over)
    if within:
        assert outcome.code == 200
    else:
        assert (paper.refusal(outcome), rules(outcome)) == (
            "count-not-postable", {"needs-approval": [1]},
        )  # fmt: skip


def test_who_has_counted_approves_nothing_and_counting_takes_an_approval_back():
    over = shop(tolerance_quantity="0")
    counted(over, line("900"))
    approve = ApproveCount(count_id=COUNT, reason="seen")
    own = paper.decided(approve, over)
    assert (own.code, paper.refusal(own)) == (409, "approver-has-counted")
    over.apply(TENANT, "bob", paper.decided(approve, over, BOB))
    assert over.counts[TENANT, COUNT].approved_by == "bob"
    assert paper.decided(post(), over).code == 200
    counted(over, line("1", "B", lot="L1"))
    assert over.counts[TENANT, COUNT].approved_by is None
    assert rules(paper.decided(post(), over)) == {"needs-approval": [1, 2]}


def test_what_is_promised_or_held_is_not_counted_away():
    over = shop()
    counted(over, line("99"), line("7", "B", lot="L1"))
    refused = paper.decided(post(), over)
    assert (refused.code, rules(refused)) == (409, {"committed": [1]})
    part = paper.kept(post(allow_partial=True), over, "3")
    assert (part.body["status"], part.body["lines"], part.body["posted"]) == ("open", 2, 1)
    assert [each["lines"] for each in part.body["left"]] == [[1]]
    over.level(TENANT, "A", "MAIN", "").reserved = Decimal(99)  # one less promised
    rest = paper.kept(post(), over, "4")
    assert (rest.body["status"], posted_lines(rest)) == ("posted", [(1, "1000", "-901")])


def test_what_was_corrected_after_the_count_is_counted_again():
    """An adjustment in between may be the very loss that the count has found: nobody can tell."""
    over = shop()
    counted(over, line("900"))
    moved(over, "-100", corrected=True)
    assert rules(paper.decided(post(), over)) == {"corrected-since": [1]}


def test_a_level_that_another_count_of_the_batch_has_corrected_is_counted_again():
    over = shop(("A", "", "1000", "0"))
    counted(over, line("900"))
    first = paper.kept(post(), over, "3")
    paper.kept(OpenCount(location="MAIN"), over, "9")
    over.counts[TENANT, "cnt-9"] = over.counts[TENANT, "cnt-9"]._replace(created_at=stamp(OPENED))
    second = RecordCount(count_id="cnt-9", counted_at=AT, lines=[line("900")])
    paper.kept(second, over, "4")
    assert len(first.movements) == 1
    assert rules(paper.decided(PostCount(count_id="cnt-9"), over)) == {"corrected-since": [1]}


FOUND = [
    ("3", None, False, "quarantine"),
    ("3", None, True, None),  # it has stock somewhere else: known, and misplaced
    ("3", "active", False, None),
    ("0", None, False, None),
]


@pytest.mark.parametrize(("quantity", "status", "elsewhere", "becomes"), FOUND)
def test_a_lot_that_nobody_knows_is_not_used_before_somebody_decides(
    quantity, status, elsewhere, becomes
):
    over = shop(("B", "L1", "5", "0"))
    key = (TENANT, "B", "L9")
    if status:
        over.lots[key] = Lot(*key, status, None, None, None, None, None, 1)
    if elsewhere:
        over.stocked.add(key)
    counted(over, line(quantity, "B", lot="L9"))
    outcome = paper.kept(post(), over, "3")
    described = [each for each in outcome.documents if isinstance(each, Lot)]
    assert [each.status for each in described] == ([becomes] if becomes else [])
    assert posted_lines(outcome) == [(1, "0", quantity)]
    if becomes:
        assert over.lots[key].reason == "found in count cnt-1"
        assert outcome.events[-1].type == "lot.status.set"
