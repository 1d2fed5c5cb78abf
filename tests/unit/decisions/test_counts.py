"""Counts: what was found is held against the books as they were when it was counted."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.book import Since
from ledger.documents import Lot
from schemas.commands.counts import (
    COUNT_LINES_MAX,
    ApproveCount,
    CancelCount,
    OpenCount,
    PostCount,
    RecordCount,
    RecountLines,
)
from schemas.times import stamp

OPENED = paper.NOW - timedelta(hours=2)
AT = paper.NOW - timedelta(hours=1)
BOB = paper.ASK._replace(actor_id="bob")
COUNT = "cnt-1"


def shop(*levels, **fields):
    """A with 1000 at MAIN, 100 of them reserved, unless said otherwise; being counted since OPENED."""
    over = paper.book(*(levels or [("A", "", "1000", "100")]))
    paper.kept(OpenCount(location="MAIN", **fields), over, "1")
    key = (TENANT, COUNT)
    over.counts[key] = over.counts[key]._replace(created_at=stamp(OPENED))
    return over


def line(quantity, sku="A", **fields):
    return {"sku": sku, "quantity": quantity, **fields}


def record(*lines, at=AT):
    return RecordCount(count_id=COUNT, counted_at=at, lines=list(lines))


def post(**fields):
    return PostCount(count_id=COUNT, **fields)


def counted(over, *lines):
    return paper.kept(record(*lines), over, "2")


def moved(over, net, *, corrected=False, lot="", at=AT):
    """What has moved at A since it was counted, and is on hand by now."""
    sku = "B" if lot else "A"
    over.since[TENANT, sku, "MAIN", lot, at] = Since(Decimal(net), corrected)
    over.level(TENANT, sku, "MAIN", lot).on_hand += Decimal(net)


def posted_lines(outcome):
    lines = [each for event in outcome.events if event.type == "count.lines.changed"
             for each in event.data["lines"]]  # fmt: skip
    return [(each["line"], each["expected"], each["variance"]) for each in lines]


def rules(outcome):
    """The rules that were broken, and where."""
    return {
        each["rule"]: each.get("pointers") or each["lines"] for each in outcome.problem["faults"]
    }


# Counted, what has moved since, and then: expected, variance, on hand.
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


REFUSED = [
    (line("1", "NONE"), "unknown-item", "/sku"),
    (line("1", lot="L1"), "lot-rule", "/lot"),
    (line("1", "B"), "lot-rule", "/lot"),
    (line("1", "S"), "by-serial", "/sku"),
    (line("1", unit="crate"), "unit-rule", "/unit"),
    (line("1", counted_at=paper.NOW + timedelta(seconds=1)), "in-the-future", "/counted_at"),
    (line("1", counted_at=OPENED), "not-after-opening", "/counted_at"),
    (line("1", "B", lot="L9"), "out-of-scope", ""),
]


@pytest.mark.parametrize(("wrong", "rule", "field"), REFUSED)
def test_a_line_that_breaks_a_rule_is_pointed_at(wrong, rule, field):
    over = shop(scope=[{"sku": "A"}, {"sku": "B", "lot": "L1"}])
    outcome = paper.decided(record(line("1", "B", lot="L1"), wrong), over)
    assert (outcome.code, paper.refusal(outcome)) == (422, "count-lines-refused")
    assert rules(outcome) == {rule: [f"/lines/1{field}"]}


def test_a_line_may_be_counted_until_this_very_moment():
    assert paper.decided(record(line("1"), at=paper.NOW), shop()).code == 200
    at = OPENED + timedelta(microseconds=1)
    assert paper.decided(record(line("1"), at=at), shop()).code == 200


def test_every_fault_of_twenty_thousand_lines_is_told_at_once():
    over = shop()
    late = paper.NOW + timedelta(days=1)
    wrong = [line("1", "NONE", counted_at=late)] * (COUNT_LINES_MAX - 1)  # as bad as can be
    outcome = paper.decided(record(line("1"), *wrong), over)
    found = {rule: len(where) for rule, where in rules(outcome).items()}
    bad = COUNT_LINES_MAX - 1
    assert found == {"unknown-item": bad, "in-the-future": bad, "twice": bad - 1}
    assert len(orjson.dumps(outcome.problem)) < 1_500_000, "a message takes 2 MB"
    assert over.counts[TENANT, COUNT].lines == 0


def test_a_count_takes_no_more_lines_than_it_may_have():
    over = shop()
    key = (TENANT, COUNT)
    over.counts[key] = over.counts[key]._replace(lines=COUNT_LINES_MAX)
    assert rules(paper.decided(record(line("1")), over)) == {"too-many": ["/lines/0"]}
    with pytest.raises(ValidationError):
        record(*[line("1")] * (COUNT_LINES_MAX + 1))


def test_lines_are_numbered_as_they_come_and_counted_once():
    over = shop()
    first = counted(over, line("5"), line("3", "B", lot="L1"))
    assert first.body["line_numbers"] == [1, 2]
    again = paper.decided(record(line("6"), line("1", "B", lot="L2")), over)
    assert rules(again) == {"counted-before": ["/lines/0"]}
    assert counted(over, line("1", "B", lot="L2")).body["line_numbers"] == [3]


def test_a_recount_keeps_what_was_counted_first():
    over = shop()
    counted(over, line("900"))
    asked = paper.kept(RecountLines(count_id=COUNT, lines=[1, 1], reason="far off"), over, "3")
    assert asked.body["reason"] == "far off"
    left = paper.decided(post(), over)
    assert (left.code, rules(left)) == (409, {"not-counted": [1]})
    counted(over, line("990"))
    attempts = [over.count_lines[TENANT, COUNT, "A", "", number].counted for number in "12"]
    assert attempts == [Decimal(900), Decimal(990)]
    assert posted_lines(paper.kept(post(), over, "4")) == [(1, "1000", "-10")]


def test_a_recount_is_of_lines_that_can_be_counted_again():
    over = shop(("A", "", "5", "0"), ("B", "L1", "5", "5"))
    counted(over, line("5"), line("4", "B", lot="L1"))
    paper.kept(RecountLines(count_id=COUNT, lines=[2]), over, "3")
    paper.kept(post(allow_partial=True), over, "4")
    outcome = paper.decided(RecountLines(count_id=COUNT, lines=[1, 2, 3]), over)
    assert rules(outcome) == {
        "posted": ["/lines/0"],
        "not-counted": ["/lines/1"],
        "no-such-line": ["/lines/2"],
    }


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


def test_nothing_tells_what_is_expected_before_it_is_posted():
    over = shop(("A", "", "7919", "0"), ("B", "L1", "6", "6"))
    over.level(TENANT, "A", "MAIN", "").version = 4
    outcomes = [
        counted(over, line("7900"), line("5", "B", lot="L1")),
        paper.kept(RecountLines(count_id=COUNT, lines=[2]), over, "3"),
        paper.decided(post(), over),
        counted(over, line("5", "B", lot="L1")),
        paper.decided(post(), over),
    ]
    said = orjson.dumps([getattr(each, "body", None) or each.problem for each in outcomes])
    told = orjson.dumps([list(map(tuple, getattr(each, "events", ()))) for each in outcomes])
    for hidden in (b"7919", b"-19"):
        assert hidden not in said + told
    part = paper.kept(post(allow_partial=True), over, "5")
    assert posted_lines(part) == [(1, "7919", "-19")], "the line that is posted, and no other"


ENDED = [record(line("1")), RecountLines(count_id=COUNT, lines=[1]), ApproveCount(count_id=COUNT),
         post(), CancelCount(count_id=COUNT, reason="again")]  # fmt: skip


@pytest.mark.parametrize("command", ENDED)
@pytest.mark.parametrize("end", [post(), CancelCount(count_id=COUNT, reason="rain")])
def test_what_has_ended_stays_as_it_is(command, end):
    over = shop()
    counted(over, line("1000"))
    ended = paper.kept(end, over, "3")
    outcome = paper.decided(command, over, BOB)
    assert (outcome.code, paper.refusal(outcome)) == (409, "count-not-open")
    assert outcome.problem["count_status"] == ended.body["status"]


@pytest.mark.parametrize("command", ENDED)
def test_a_count_that_nobody_opened_is_unknown(command):
    outcome = paper.decided(command, paper.book())
    assert (outcome.code, paper.refusal(outcome)) == (404, "unknown-count")


def test_a_count_of_nothing_is_not_posted():
    outcome = paper.decided(post(allow_partial=True), shop())
    assert (outcome.code, paper.refusal(outcome)) == (409, "count-not-postable")


OPENINGS = [
    ({"location": "MAIN"}, 201, None),
    ({"location": "NOWHERE"}, 422, "unknown-location"),
    ({"scope": [{"sku": "NONE"}, {"sku": "A", "lot": "L1"}]}, 422, "count-lines-refused"),
    ({"scope": [{"sku": "B", "lot": "L1"}, {"sku": "A"}], "tolerance_percent": "5"}, 201, None),
]


@pytest.mark.parametrize(("fields", "code", "refused"), OPENINGS)
def test_a_count_is_opened_for_a_location_or_some_of_its_items(fields, code, refused):
    outcome = paper.decided(OpenCount(**{"location": "MAIN", **fields}), paper.book())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if refused == "count-lines-refused":
        assert rules(outcome) == {"unknown-item": ["/scope/0/sku"], "lot-rule": ["/scope/1/lot"]}
    if code == 201:
        assert (outcome.body["status"], outcome.body["blind"]) == ("open", True)


def test_nothing_is_counted_beyond_all_bounds():
    over = shop(("A", "", "0", "0"))
    counted(over, line("999999999999"))
    moved(over, "1")
    assert rules(paper.decided(post(), over)) == {"out-of-bounds": [1]}


def test_moments_are_compared_as_moments():
    over = shop()
    east = AT.astimezone(tz=datetime.now(UTC).astimezone().tzinfo)
    counted(over, line("900", counted_at=east))
    moved(over, "-100")
    assert posted_lines(paper.kept(post(), over, "3")) == [(1, "1000", "-100")]
