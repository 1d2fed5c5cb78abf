"""Policies: how far an item may be promised and dispatched beyond what is there, and who says so."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from schemas.commands.holds import PlaceHold
from schemas.commands.issues import IssueStock
from schemas.commands.policies import SetPolicy
from schemas.commands.receipts import PostReceipt
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ReleaseReservation,
)
from schemas.commands.stock import AdjustStock, RecordStock
from schemas.commands.transfers import ShipTransfer

PROOF = {"carrier": "DHL", "tracking": "T-1", "shipped_at": paper.NOW}


def policy(sku="A", **fields):
    return SetPolicy(sku=sku, **fields)


def line(quantity, sku="A", location="MAIN", **fields):
    return {"sku": sku, "location": location, "quantity": quantity, **fields}


def reserve(*lines, **fields):
    return CreateReservation(order_id="SO-1", lines=list(lines), **fields)


def consume(named, *parts):
    lines = [{"line": number, "quantity": quantity} for number, quantity in parts]
    return ConsumeReservation(reservation_id=named, shipment_proof=PROOF, lines=lines or None)


def issue(quantity, *, to="customer", allow_negative=True, **fields):
    lines = [line(quantity, **fields)]
    return IssueStock(to=to, lines=lines, reason_code="r", allow_negative=allow_negative)


def receive(quantity, location="MAIN"):
    return PostReceipt(lines=[line(quantity, location=location)])


def shop(*commands, levels=(("A", "", "10", "4"),)):
    """Of A 10 at MAIN, 4 of them promised; then the commands, all of which apply."""
    over = paper.book(*levels)
    for number, command in enumerate(commands):
        assert paper.kept(command, over, f"s{number}").code < 300
    return over


def numbers(over, location="MAIN"):
    level = over.level(TENANT, "A", location, "")
    return str(level.on_hand), str(level.reserved), str(level.available)


def test_the_more_specific_policy_wins_word_by_word():
    over = shop(
        policy(backorder_limit="5", shelf_life_days=10),
        policy(location="EAST", backorder_limit="0", negative_limit="3"),
    )
    main, east = (over.rules(TENANT, "A", at) for at in ("MAIN", "EAST"))
    assert (main.backorder_limit, main.negative_limit, main.shelf_life_days) == (5, 0, 10)
    assert (east.backorder_limit, east.negative_limit, east.shelf_life_days) == (0, 3, 10)
    assert numbers(over) == ("10", "4", "11")
    changed = paper.kept(policy(backorder_limit="7"), over, "x")
    assert (changed.code, changed.body["version"]) == (200, 2)
    assert changed.body["shelf_life_days"] is None, "all of it anew"
    assert [(each.type, each.subject) for each in changed.events] == [
        ("policy.changed", "policy/A")
    ]
    assert numbers(over) == ("10", "4", "13")


def test_a_place_where_nothing_ever_was_may_have_backorders():
    over = shop(policy(backorder_limit="5"))
    assert paper.refusal(paper.decided(reserve(line("6", location="EAST")), over)) == (
        "insufficient-stock"
    )
    assert paper.kept(reserve(line("5", location="EAST")), over, "1").code == 201
    assert numbers(over, "EAST") == ("0", "5", "0")


def test_backorders_are_filled_by_what_comes_in_and_not_before():
    """Backorders of 7 and 4, then 5 come in: 5 are filled, and 6 wait on."""
    over = shop(policy(backorder_limit="11"), levels=(("A", "", "0", "0"),))
    paper.kept(reserve(line("7")), over, "1")
    paper.kept(reserve(line("4")), over, "2")
    assert numbers(over) == ("0", "11", "0")
    refused = paper.decided(consume("rsv-1"), over)
    assert (refused.code, refused.problem["lines"][0]["available"]) == (409, "0")
    paper.kept(receive("5"), over, "3")
    assert numbers(over) == ("5", "11", "5")
    assert paper.decided(consume("rsv-1"), over).problem["lines"][0]["available"] == "5"
    assert paper.kept(consume("rsv-1", (1, "5")), over, "4").code == 200
    assert numbers(over) == ("0", "6", "5")
    assert paper.refusal(paper.decided(consume("rsv-2", (1, "1")), over)) == "insufficient-stock"
    release = ReleaseReservation(reservation_id="rsv-2", reason="r")
    assert paper.kept(release, over, "5").code == 200
    assert numbers(over) == ("0", "2", "9")


LEAVES = [
    (issue("1", allow_negative=False), "insufficient-stock"),
    (ShipTransfer(
        from_location="MAIN", to_location="EAST", lines=[{"sku": "A", "quantity": "1"}]
    ), "insufficient-stock"),
    (AdjustStock(sku="A", location="MAIN", delta="-1", reason_code="r"), "insufficient-stock"),
    (RecordStock(sku="A", location="MAIN", quantity="9", reason="r"), "insufficient-stock"),
    (PlaceHold(sku="A", quantity="1", reason="r"), "insufficient-stock"),
    (PlaceHold(sku="A", reason="r"), "insufficient-stock"),
    (AdjustStock(sku="A", location="MAIN", delta="1", reason_code="r"), None),
    (RecordStock(sku="A", location="MAIN", quantity="11", reason="r"), None),
    (reserve(line("2")), None),
]  # fmt: skip


@pytest.mark.parametrize(("command", "refused"), LEAVES)
def test_what_is_promised_beyond_what_is_there_can_be_promised_only(command, refused):
    """Over 10 on hand 12 are promised of a limit of 5: nothing may leave, 3 may be promised."""
    over = shop(policy(backorder_limit="5"), reserve(line("8")))
    assert numbers(over) == ("10", "12", "3")
    assert paper.refusal(paper.decided(command, over)) == refused


def test_held_stock_is_not_shipped_to_whoever_waits():
    over = shop(levels=(("A", "", "5", "0"),))
    for number, command in enumerate(
        (PlaceHold(sku="A", quantity="3", reason="r"), policy(backorder_limit="5"))
    ):
        paper.kept(command, over, str(number))
    paper.kept(reserve(line("4")), over, "9")
    refused = paper.decided(consume("rsv-9"), over)
    assert refused.problem["lines"][0]["available"] == "2"
    assert paper.decided(consume("rsv-9", (1, "2")), over).code == 200


NEGATIVE = [
    # on hand, promised, the limit below zero, what leaves, and what is on hand then
    ("2", "0", "3", "5", "-3"),
    ("2", "0", "3", "5.000001", None),
    ("2", "0", "0", "3", None),  # nobody allows it
    ("-2", "0", "3", "1", "-3"),
    ("-2", "0", "3", "2", None),
    ("10", "4", "3", "6", "4"),
    ("10", "4", "3", "7", None),  # that is promised to somebody
    ("10", "4", "3", "12", None),
]


@pytest.mark.parametrize(("on_hand", "reserved", "limit", "leaves", "then"), NEGATIVE)
def test_only_what_has_left_brings_stock_below_zero(on_hand, reserved, limit, leaves, then):
    over = shop(levels=(("A", "", on_hand, reserved),))
    over.level(TENANT, "A", "MAIN", "").negative_limit = Decimal(limit)
    outcome = paper.decided(issue(leaves), over)
    assert (outcome.code == 201) == (then is not None)
    if then is not None:
        over.apply(TENANT, "ann", outcome)
        assert numbers(over)[0] == then


def test_below_zero_it_is_counted_up_again_and_never_down():
    over = shop(policy(negative_limit="5"), issue("3"), levels=(("A", "", "0", "0"),))
    assert numbers(over) == ("-3", "0", "-3")
    for command in (
        issue("1", allow_negative=False),
        AdjustStock(sku="A", location="MAIN", delta="-1", reason_code="r"),
        reserve(line("1")),
    ):
        assert paper.refusal(paper.decided(command, over)) == "insufficient-stock"
    counted = paper.kept(RecordStock(sku="A", location="MAIN", quantity="2", reason="r"), over, "1")
    assert (counted.body["difference"], counted.body["on_hand"]) == ("5", "2")


def test_two_lines_of_one_dispatch_go_below_zero_together():
    over = shop(policy(negative_limit="3"), levels=(("A", "", "1", "0"),))
    both = IssueStock(
        to="customer", lines=[line("3"), line("2")], reason_code="r", allow_negative=True
    )
    assert paper.refusal(paper.decided(both, over)) == "insufficient-stock"
    both = IssueStock(
        to="customer", lines=[line("2"), line("2")], reason_code="r", allow_negative=True
    )
    assert paper.kept(both, over, "1").code == 201
    assert numbers(over)[0] == "-3"


@pytest.mark.parametrize("to", ["scrap", "loss"])
def test_what_is_written_off_was_there(to):
    with pytest.raises(ValidationError, match="may be missing"):
        issue("1", to=to)


REFUSED = [
    (policy("NONE"), 422, "unknown-item", "/sku"),
    (policy(location="NOWHERE"), 422, "unknown-location", "/location"),
    (policy("B", backorder_limit="1"), 422, "policy-rule", "/backorder_limit"),
    (policy("B", negative_limit="1"), 422, "policy-rule", "/negative_limit"),
    (policy(backorder_limit="1.9"), 409, "policy-in-use", "/backorder_limit"),
    (policy(location="MAIN", backorder_limit="0"), 409, "policy-in-use", "/backorder_limit"),
]


@pytest.mark.parametrize(("command", "code", "refused", "pointer"), REFUSED)
def test_a_policy_that_does_not_fit_is_refused(command, code, refused, pointer):
    over = shop(policy(backorder_limit="5"), reserve(line("8")))
    outcome = paper.decided(command, over)
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    assert outcome.problem["pointer"] == pointer


def test_a_limit_in_use_may_come_down_to_what_is_used():
    over = shop(policy(backorder_limit="5"), reserve(line("8")))
    assert paper.kept(policy(backorder_limit="2"), over, "1").code == 200
    assert numbers(over) == ("10", "12", "0")
    below = shop(policy(negative_limit="5"), issue("3"), levels=(("A", "", "0", "0"),))
    assert paper.refusal(paper.decided(policy(negative_limit="2"), below)) == "policy-in-use"
    assert paper.decided(policy(negative_limit="3"), below).code == 200


def test_channels_leave_their_buffers_alone():
    """Of 6 available the web keeps 2 back, other channels 1, and who names none nothing."""
    buffers = [{"channel": "web", "quantity": "2"}, {"channel": None, "quantity": "1"}]
    over = shop(policy(buffers=buffers))
    for channel, most in (("web", "4"), ("market", "5"), (None, "6")):
        wanted = line(most, channel=channel)
        assert paper.decided(reserve(wanted), over).code == 201
        wanted["quantity"] = f"{most}.5"
        short = paper.decided(reserve(wanted), over)
        assert short.problem["lines"][0]["available"] == most
    part = paper.decided(reserve(line("9", channel="web"), allow_partial=True), over)
    assert part.body["lines"][0]["reserved"] == "4"
    two = paper.decided(reserve(line("3", channel="web"), line("2", channel="web")), over)
    assert [each["available"] for each in two.problem["lines"]] == ["1"]
    with pytest.raises(ValidationError, match="each channel once"):
        policy(buffers=[buffers[0], buffers[0]])


def test_a_buffer_counts_all_lots_of_a_place():
    over = shop(levels=(("B", "L1", "3", "0"), ("B", "L2", "4", "0")))
    paper.kept(policy("B", buffers=[{"channel": "web", "quantity": "5"}]), over, "1")
    assert paper.decided(reserve(line("2", "B", channel="web", lot="L2")), over).code == 201
    refused = paper.decided(reserve(line("3", "B", channel="web", lot="L2")), over)
    assert paper.refusal(refused) == "insufficient-stock"


def test_the_shelf_life_of_a_policy_holds_for_who_says_none():
    over = shop(levels=(("B", "L1", "3", "0"), ("B", "L2", "4", "0")))
    for lot, day in (("L1", "2026-11-25"), ("L2", "2027-11-25")):
        paper.kept(paper.lot(lot, day), over, lot)
    paper.kept(policy("B", shelf_life_days=30), over, "1")
    wanted = line("5", "B")
    refused = paper.decided(reserve(wanted), over)
    assert refused.problem["lines"][0]["passed"] == [{"lot": "L1", "because": "shelf-life"}]
    for days, code in ((0, 201), (4, 201), (5, 409)):
        assert paper.decided(reserve({**wanted, "shelf_life_days": days}), over).code == code
