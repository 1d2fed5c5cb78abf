"""Counts: what may be recorded, counted again and ended, and what nobody is told early."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from counted import (
    AT,
    BOB,
    COUNT,
    OPENED,
    counted,
    line,
    moved,
    post,
    posted_lines,
    record,
    rules,
    shop,
)
from schemas.commands.counts import (
    COUNT_LINES_MAX,
    ApproveCount,
    CancelCount,
    OpenCount,
    PostCount,
    RecordCount,
    RecountLines,
)

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


ENDED = [RecordCount(count_id=COUNT, counted_at=AT, lines=[line("1")]), RecountLines(count_id=COUNT, lines=[1]), ApproveCount(count_id=COUNT),
         post(), CancelCount(count_id=COUNT, reason="again")]  # fmt: skip


@pytest.mark.parametrize("command", ENDED)
@pytest.mark.parametrize(
    "end", [PostCount(count_id=COUNT), CancelCount(count_id=COUNT, reason="rain")]
)
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
