"""Holds: stock is kept from everybody, never more than there is, and given back once."""

import pytest

import paper
from asks import TENANT
from schemas.commands.holds import PlaceHold, ReleaseHold
from schemas.commands.reservations import CreateReservation


def place(quantity=None, **fields):
    given = {"sku": "A", "location": "MAIN", "quantity": quantity, "reason": "wet", **fields}
    return PlaceHold(**given)


def give_back(quantity=None, hold_id="hold-1"):
    return ReleaseHold(hold_id=hold_id, quantity=quantity, reason="dry again")


def shop():
    return paper.book(
        ("A", "", "10", "4"), ("B", "L1", "5", "0"), ("B", "L2", "3", "1"), ("B", "L3", "0", "0")
    )


# Of A 6 are available, of B 7.
CASES = [
    (place("2"), 201, None, [("MAIN", None, "2")]),
    (place("6"), 201, None, [("MAIN", None, "6")]),
    (place(), 201, None, [("MAIN", None, "6")]),
    (place("6.000001"), 409, "insufficient-stock", None),
    (place("1", sku="NONE"), 422, "unknown-item", None),
    (place("1", location="NOWHERE"), 422, "unknown-location", None),
    (place("1", location="EAST"), 409, "insufficient-stock", None),
    (place(location="EAST"), 409, "insufficient-stock", None),
    (place("3", location=None), 201, None, [("MAIN", None, "3")]),
    (place("1", lot="L1"), 422, "lot-rule", None),
    (place("6", sku="B"), 201, None, [("MAIN", "L1", "5"), ("MAIN", "L2", "1")]),
    (place(sku="B", location=None), 201, None, [("MAIN", "L1", "5"), ("MAIN", "L2", "2")]),
    (place("2", sku="B", lot="L2"), 201, None, [("MAIN", "L2", "2")]),
    (place("3", sku="B", lot="L2"), 409, "insufficient-stock", None),
    (place(sku="B", lot="L3"), 409, "insufficient-stock", None),
]


@pytest.mark.parametrize(("command", "code", "refused", "lines"), CASES)
def test_a_hold_takes_from_what_is_available(command, code, refused, lines):
    outcome = paper.decided(command, shop())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if lines is not None:
        body = outcome.body
        assert [(each["location"], each["lot"], each["held"]) for each in body["lines"]] == lines
        assert [str(each.quantity) for each in outcome.commitments] == [held for *_, held in lines]
        assert {each.of for each in outcome.commitments} == {"held"}
        assert outcome.movements == ()


def test_what_is_held_is_promised_to_nobody_until_it_is_given_back():
    over = shop()
    paper.kept(place("5"), over, "1")
    order = CreateReservation(
        order_id="SO-1", lines=[{"sku": "A", "location": "MAIN", "quantity": "2"}]
    )
    refused = paper.decided(order, over)
    assert (refused.code, refused.problem["lines"][0]["available"]) == (409, "1")
    paper.kept(give_back("1"), over, "2")
    assert paper.decided(order, over).code == 201


def test_a_hold_is_given_back_in_parts_and_ends_with_the_last():
    over = shop()
    paper.kept(place(sku="B"), over, "1")
    part = paper.kept(give_back("6"), over, "2")
    assert part.body["status"] == "active"
    assert [line["released"] for line in part.body["lines"]] == ["5", "1"]
    rest = paper.kept(give_back(), over, "3")
    assert (rest.body["status"], rest.body["version"]) == ("released", 3)
    assert sum(level.held for level in over.touched.values()) == 0


RELEASES = [
    (give_back("2"), 200, None),
    (give_back("2.5"), 409, "hold-holds-less"),
    (give_back(hold_id="hold-9"), 404, "unknown-hold"),
]


@pytest.mark.parametrize(("command", "code", "refused"), RELEASES)
def test_no_more_is_given_back_than_is_held(command, code, refused):
    over = shop()
    paper.kept(place("2"), over, "1")
    outcome = paper.decided(command, over)
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_what_was_given_back_is_not_given_back_again():
    over = shop()
    paper.kept(place("2"), over, "1")
    paper.kept(give_back(), over, "2")
    assert paper.refusal(paper.decided(give_back(), over)) == "hold-not-active"
    assert over.holds[TENANT, "hold-1"].status == "released"
