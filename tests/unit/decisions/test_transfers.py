"""Transfers: what leaves one place is in transit, and is accounted for to the last of it."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.documents import Lot
from schemas.commands.transfers import CloseTransfer, ReceiveTransfer, ShipTransfer


def line(quantity, sku="A", **fields):
    return {"sku": sku, "quantity": quantity, **fields}


def ship(*lines, **fields):
    ends = {"from_location": "MAIN", "to_location": "EAST", **fields}
    return ShipTransfer(lines=list(lines), **ends)


def receive(*parts, transfer_id="trf-1"):
    named = [{"line": number, "quantity": quantity} for number, quantity in parts]
    return ReceiveTransfer(transfer_id=transfer_id, lines=named or None)


def close(rest, transfer_id="trf-1"):
    return CloseTransfer(transfer_id=transfer_id, rest=rest, reason="truck 7")


def shop():
    """Of A 6 are available at MAIN, of B 5 in L1 and 2 in L2; L0 is recalled."""
    over = paper.book(
        ("A", "", "10", "4"), ("B", "L0", "8", "0"), ("B", "L1", "5", "0"), ("B", "L2", "3", "1")
    )
    over.lots[TENANT, "B", "L0"] = Lot(
        TENANT, "B", "L0", "recalled", "r", None, None, None, None, 1
    )
    return over


def stock(over, location, lot=""):
    level = over.level(TENANT, "B" if lot else "A", location, lot)
    return [str(each) for each in (level.on_hand, level.incoming)]


CASES = [
    (ship(line("6")), 201, None, [("A", None, "6")]),
    (ship(line("6.5")), 409, "insufficient-stock", None),
    (ship(line("4"), line("2")), 201, None, [("A", None, "4"), ("A", None, "2")]),
    (ship(line("4"), line("3")), 409, "insufficient-stock", None),
    (ship(line("6", "B")), 201, None, [("B", "L2", "2"), ("B", "L1", "4")]),
    (ship(line("8", "B")), 409, "insufficient-stock", None),  # L0 is recalled
    (ship(line("2", "B", lot="L1")), 201, None, [("B", "L1", "2")]),
    (ship(line("1", "B", lot="L0")), 201, None, [("B", "L0", "1")]),  # named, it goes
    (ship(line("1", lot="L1")), 422, "lot-rule", None),
    (ship(line("1", "NONE")), 422, "unknown-item", None),
    (ship(line("1"), to_location="NOWHERE"), 422, "unknown-location", None),
    (ship(line("1"), from_location="EAST", to_location="MAIN"), 409, "insufficient-stock", None),
]


@pytest.mark.parametrize(("command", "code", "refused", "lines"), CASES)
def test_what_is_available_may_leave(command, code, refused, lines):
    outcome = paper.decided(command, shop())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if lines is not None:
        shipped = outcome.body["lines"]
        assert [(each["sku"], each["lot"], each["shipped"]) for each in shipped] == lines
        moved = {(each.from_account, each.to_account) for each in outcome.movements}
        assert moved == {("MAIN", "@transit")}
        announced = {(each.location, each.of) for each in outcome.commitments}
        assert announced == {("EAST", "incoming")}


def test_a_transfer_goes_somewhere():
    with pytest.raises(ValidationError, match=r"to_location\n  must not be from_location"):
        ship(line("1"), to_location="MAIN")


def test_it_is_announced_until_it_arrives_in_parts():
    over = shop()
    paper.kept(ship(line("6")), over, "1")
    assert (stock(over, "MAIN"), stock(over, "EAST")) == (["4", "0"], ["0", "6"])
    part = paper.kept(receive((1, "2")), over, "2")
    assert part.body["status"] == "in_transit"
    assert stock(over, "EAST") == ["2", "4"]
    rest = paper.kept(receive(), over, "3")
    assert (rest.body["status"], rest.body["version"]) == ("received", 3)
    assert stock(over, "EAST") == ["6", "0"]


@pytest.mark.parametrize(
    ("rest", "main", "ends"), [("lost", "4", "@loss"), ("returned", "8", "MAIN")]
)
def test_what_does_not_arrive_is_lost_or_returned(rest, main, ends):
    over = shop()
    paper.kept(ship(line("6")), over, "1")
    paper.kept(receive((1, "2")), over, "2")
    closed = paper.kept(close(rest), over, "3")
    assert (closed.body["status"], closed.body["reason"]) == ("closed", "truck 7")
    assert closed.body["lines"][0][rest] == "4"
    moved = [(each.from_account, each.to_account, each.quantity) for each in closed.movements]
    assert moved == [("@transit", ends, Decimal(4))]
    assert (stock(over, "MAIN"), stock(over, "EAST")) == ([main, "0"], ["2", "0"])


def test_a_line_of_several_lots_arrives_in_their_order():
    over = shop()
    paper.kept(ship(line("6", "B")), over, "1")  # L2 2, L1 4
    part = paper.kept(receive((1, "3")), over, "2")
    assert [(each["lot"], each["received"]) for each in part.body["lines"]] == [
        ("L2", "2"),
        ("L1", "1"),
    ]
    assert (stock(over, "EAST", "L2"), stock(over, "EAST", "L1")) == (["2", "0"], ["1", "3"])


ENDS = [
    (receive((1, "6.1")), 409, "transfer-holds-less"),
    (receive((1, "4"), (1, "3")), 409, "transfer-holds-less"),
    (receive((2, "1")), 409, "transfer-holds-less"),
    (receive(transfer_id="trf-9"), 404, "unknown-transfer"),
    (close("lost", transfer_id="trf-9"), 404, "unknown-transfer"),
]


@pytest.mark.parametrize(("command", "code", "refused"), ENDS)
def test_no_more_arrives_than_was_sent(command, code, refused):
    over = shop()
    paper.kept(ship(line("6")), over, "1")
    outcome = paper.decided(command, over)
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


@pytest.mark.parametrize("last", [receive(), close("lost")])
def test_what_has_ended_stays_as_it_is(last):
    over = shop()
    paper.kept(ship(line("6")), over, "1")
    paper.kept(last, over, "2")
    for command in (receive(), close("returned")):
        assert paper.refusal(paper.decided(command, over)) == "transfer-not-in-transit"


def test_no_location_has_or_expects_more_than_can_be_counted():
    """The columns end below one trillion; refused before it, so that nothing is half done."""
    over = paper.book(("A", "", "10", "0"))
    east = over.level(TENANT, "A", "EAST", "")
    over.enter((east,))
    east.incoming = Decimal(999999999999)
    refused = paper.decided(ship(line("1")), over)
    assert (refused.code, refused.problem["pointer"]) == (422, "/lines/0/quantity")
    east.incoming = Decimal(0)
    shipped = paper.decided(ship(line("1"), line("2")), over)
    over.apply(TENANT, "somebody", shipped)
    sent = shipped.body["transfer_id"]
    east.on_hand = Decimal(999999999997)
    refused = paper.decided(receive(transfer_id=sent), over)
    assert (refused.code, refused.problem["pointer"]) == (422, "/lines/1/quantity")
    assert paper.decided(receive((1, "1"), transfer_id=sent), over).code == 200
    over.level(TENANT, "A", "MAIN", "").on_hand = Decimal(999999999999)
    assert paper.decided(close("returned", sent), over).code == 422
    assert paper.decided(close("lost", sent), over).code == 200
