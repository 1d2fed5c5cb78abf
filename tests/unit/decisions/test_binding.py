"""Late binding: whoever was promised any lot gives way to who needs the very lot that he got."""

from decimal import Decimal

import pytest

import paper
from asks import TENANT
from ledger.documents import Lot
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ReleaseReservation,
)


def wanted(*lines, **fields):
    asked = [
        {"sku": "B", "location": "MAIN", "quantity": quantity, "lot": lot, **more}
        for quantity, lot, more in lines
    ]
    return CreateReservation(order_id="SO", lines=asked, **fields)


def any_lot(quantity, **more):
    return wanted((quantity, None, more))


def of(lot, quantity, **fields):
    return wanted((quantity, lot, {}), **fields)


def shop(*promises, recalled=()):
    """Of B 5 in L1, which goes first, 4 in L2 and 2 in L3; and promises, made one after the other."""
    over = paper.book(("B", "L1", "5", "0"), ("B", "L2", "4", "0"), ("B", "L3", "2", "0"))
    for lot, day in (("L1", 1), ("L2", 2), ("L3", 3)):
        status = "recalled" if lot in recalled else "active"
        described = Lot(TENANT, "B", lot, status, "r", None, None, None, None, 1)
        remove_on = paper.NOW.date().replace(year=2030, day=day)
        over.lots[TENANT, "B", lot] = described._replace(remove_on=remove_on)
    for number, each in enumerate(promises, 1):
        paper.kept(each, over, str(number))
    return over


def stands(over, named):
    found = over.reservations[TENANT, f"rsv-{named}"]
    return [(line.lot, str(line.left)) for line in found.lines]


def reserved(over):
    levels = over.levels(TENANT, "B", "MAIN")
    return {lot: str(level.reserved) for lot, level in sorted(levels.items())}


CASES = [
    # promises so far, then a wish for a lot; what it gets; where the promises are bound then
    ([any_lot("3")], of("L1", "2"), [("L1", "2")], [[("L1", "3")]]),
    ([any_lot("3")], of("L1", "4"), [("L1", "4")], [[("L1", "1"), ("L2", "2")]]),
    ([any_lot("5")], of("L1", "5"), [("L1", "5")], [[("L2", "4"), ("L3", "1")]]),
    ([any_lot("6")], of("L1", "4"), [("L1", "4")], [[("L1", "1"), ("L2", "4"), ("L3", "1")]]),
    (  # the youngest gives way first
        [any_lot("2"), any_lot("3")],
        of("L1", "4"),
        [("L1", "4")],
        [[("L1", "1"), ("L2", "1")], [("L2", "3")]],
    ),
    ([of("L1", "3")], of("L1", "3"), None, [[("L1", "3")]]),
    ([any_lot("5", shelf_life_days=1)], of("L1", "1"), None, [[("L1", "5")]]),
    ([any_lot("11")], of("L1", "1"), None, [[("L1", "5"), ("L2", "4"), ("L3", "2")]]),
    ([any_lot("3"), of("L2", "4"), of("L3", "2")], of("L1", "3"), None, [[("L1", "3")]]),
    (
        [any_lot("5"), of("L2", "4")],
        of("L1", "3", allow_partial=True),
        [("L1", "2")],
        [[("L1", "3"), ("L3", "2")]],
    ),
]


@pytest.mark.parametrize(("before", "wish", "gets", "then"), CASES)
def test_any_lot_gives_way_to_the_one_that_is_named(before, wish, gets, then):
    over = shop(*before)
    outcome = paper.decided(wish, over)
    if gets is None:
        assert (outcome.code, paper.refusal(outcome)) == (409, "insufficient-stock")
    else:
        paper.kept(wish, over, "9")
        assert stands(over, "9") == gets
    assert [stands(over, str(number)) for number, _ in enumerate(then, 1)] == then
    held = [line for each in over.reservations.values() for line in each.lines]
    for lot, quantity in reserved(over).items():
        assert Decimal(quantity) == sum(line.left for line in held if line.lot == lot)


def test_who_gives_way_is_told_of_it_and_keeps_as_much():
    over = shop(any_lot("3"))
    outcome = paper.kept(of("L1", "4"), over, "9")
    event = outcome.events[1]
    assert (event.type, event.subject, event.sequence) == (
        "reservation.rebound",
        "reservation/rsv-1",
        2,
    )
    assert event.data["choices"][0]["rebound"] == [
        {"from_lot": "L1", "to_lot": "L2", "quantity": "2"}
    ]
    assert [(line["lot"], line["reserved"]) for line in event.data["lines"]] == [
        ("L1", "1"),
        ("L2", "2"),
    ]


def test_who_gives_way_to_two_lines_of_a_command_is_told_of_it_once():
    over = shop(any_lot("5"))
    outcome = paper.kept(wanted(("2", "L1", {}), ("3", "L1", {})), over, "9")
    assert [(event.type, event.sequence) for event in outcome.events[1:]] == [
        ("reservation.rebound", 2)
    ]
    assert stands(over, "1") == [("L2", "4"), ("L3", "1")]


def test_a_lot_that_may_not_be_used_takes_nobody_in():
    over = shop(any_lot("3"), recalled=["L2"])
    paper.kept(of("L1", "4"), over, "9")
    assert stands(over, "1") == [("L1", "1"), ("L3", "2")]


def test_what_has_ended_gives_nothing():
    over = shop(any_lot("5"))
    paper.kept(ReleaseReservation(reservation_id="rsv-1", reason="r"), over, "2")
    paper.kept(of("L1", "5"), over, "3")
    assert stands(over, "3") == [("L1", "5")]
    refused = paper.decided(of("L1", "1"), over)
    assert paper.refusal(refused) == "insufficient-stock"


def test_a_promise_may_be_bound_anew_again():
    over = shop(any_lot("4"), of("L1", "5"))
    assert stands(over, "1") == [("L2", "4")]
    paper.kept(of("L2", "2"), over, "3")
    assert stands(over, "1") == [("L2", "2"), ("L3", "2")]


PROOF = {"carrier": "DHL", "tracking": "T-1", "shipped_at": paper.NOW}


def shipped(*parts, named="1"):
    """Quantities and lots of line 1 as they were picked."""
    lines = [{"line": 1, "quantity": quantity, "lot": lot} for quantity, lot in parts]
    return ConsumeReservation(
        reservation_id=f"rsv-{named}", shipment_proof=PROOF, lines=lines or None
    )


PICKED = [
    # a promise, others', what was picked; what left, and what the promise has left
    (any_lot("3"), [], [("2", "L2")], [("L2", "2")], [("L1", "1")]),
    (any_lot("3"), [], [("2", "L2"), ("1", "L1")], [("L2", "2"), ("L1", "1")], []),
    (any_lot("3"), [], [("2", "L2"), ("1", None)], [("L1", "1"), ("L2", "2")], []),
    (any_lot("7"), [], [("2", "L2")], [("L2", "2")], [("L1", "5")]),
    (any_lot("7"), [], [("4", "L2")], [("L2", "4")], [("L1", "3")]),
    (any_lot("3"), [of("L2", "3")], [("2", "L2")], None, [("L1", "3")]),
    (of("L1", "3"), [], [("1", "L2")], None, [("L1", "3")]),
    (any_lot("3", shelf_life_days=1), [], [("1", "L2")], None, [("L1", "3")]),
    (any_lot("3"), [], [("4", "L2")], None, [("L1", "3")]),
    (any_lot("3"), [], [("1", "L9")], None, [("L1", "3")]),
]


@pytest.mark.parametrize(("promise", "others", "picked", "left", "holds"), PICKED)
def test_what_was_picked_leaves_whatever_lot_was_meant(promise, others, picked, left, holds):
    over = shop(promise, *others)
    before = reserved(over)
    outcome = paper.decided(shipped(*picked), over)
    if left is None:
        assert (outcome.code, paper.refusal(outcome)) == (409, "reservation-holds-less")
        assert reserved(over) == before
    else:
        paper.kept(shipped(*picked), over, "8")
        moved = [(each.lot, str(each.quantity)) for each in outcome.movements]
        assert sorted(moved) == sorted(left)
    found = over.reservations[TENANT, "rsv-1"]
    assert [(line.lot, str(line.left)) for line in found.lines if line.left] == holds


def test_a_part_may_be_given_back_of_one_lot():
    over = shop(any_lot("7"))
    parts = [{"line": 1, "quantity": "2", "lot": "L2"}]
    paper.kept(ReleaseReservation(reservation_id="rsv-1", lines=parts, reason="r"), over, "8")
    assert stands(over, "1") == [("L1", "5"), ("L2", "0")]
    parts = [{"line": 1, "quantity": "1", "lot": "L3"}]
    refused = paper.decided(
        ReleaseReservation(reservation_id="rsv-1", lines=parts, reason="r"), over
    )
    assert paper.refusal(refused) == "reservation-holds-less"
