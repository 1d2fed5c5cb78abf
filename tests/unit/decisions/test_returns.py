"""Returns: no more comes back than was shipped, and each part goes where it was said to go."""

import pytest

import paper
from asks import TENANT
from schemas.commands.holds import ReleaseHold
from schemas.commands.reservations import ConsumeReservation, CreateReservation
from schemas.commands.returns import ReceiveReturn

PROOF = {"carrier": "DHL", "tracking": "T-1", "shipped_at": paper.NOW}


def back(line, quantity, disposition="sellable", **fields):
    return {"line": line, "quantity": quantity, "disposition": disposition, **fields}


def returned(*lines, reservation_id="rsv-1"):
    return ReceiveReturn(reservation_id=reservation_id, lines=list(lines), reason="too small")


def shop(shipped=None):
    """Shipped: 4 of A (line 1); of B (line 2) 2 of L2 and 3 of L1."""
    over = paper.book(("A", "", "10", "0"), ("B", "L1", "5", "0"), ("B", "L2", "2", "0"))
    wanted = [
        {"sku": "A", "location": "MAIN", "quantity": "4"},
        {"sku": "B", "location": "MAIN", "quantity": "5"},
    ]
    paper.kept(CreateReservation(order_id="SO-1", lines=wanted), over, "1")
    command = ConsumeReservation(reservation_id="rsv-1", shipment_proof=PROOF, lines=shipped)
    paper.kept(command, over, "2")
    return over


CASES = [
    (returned(back(1, "4")), 201, None),
    (returned(back(1, "4.5")), 409, "return-exceeds-shipment"),
    (returned(back(1, "3"), back(1, "2", "damaged")), 409, "return-exceeds-shipment"),
    (returned(back(3, "1")), 409, "return-exceeds-shipment"),
    (returned(back(2, "1")), 422, "lot-rule"),
    (returned(back(2, "2", lot="L2"), back(2, "3", lot="L1")), 201, None),
    (returned(back(2, "3", lot="L2")), 409, "return-exceeds-shipment"),
    (returned(back(2, "1", lot="L9")), 409, "return-exceeds-shipment"),
    (returned(back(1, "1", location="EAST")), 201, None),
    (returned(back(1, "1", location="NOWHERE")), 422, "unknown-location"),
    (returned(back(1, "1"), reservation_id="rsv-9"), 404, "unknown-reservation"),
]


@pytest.mark.parametrize(("command", "code", "refused"), CASES)
def test_no_more_comes_back_than_was_shipped(command, code, refused):
    outcome = paper.decided(command, shop())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_where_it_came_from_need_not_be_looked_up():
    over = shop()
    over.locations.clear()
    assert paper.decided(returned(back(1, "1")), over).code == 201


def test_what_was_not_shipped_does_not_come_back():
    over = shop([{"line": 1, "quantity": "1"}])
    outcome = paper.decided(returned(back(1, "2")), over)
    assert outcome.problem["returnable"] == "1"


GOES = [
    ("sellable", "MAIN", ("7", "0", "7")),
    ("quarantine", "MAIN", ("7", "1", "6")),
    ("damaged", "@scrap", ("6", "0", "6")),
    ("discarded", "@loss", ("6", "0", "6")),
]


@pytest.mark.parametrize(("disposition", "to", "numbers"), GOES)
def test_its_disposition_says_where_it_goes(disposition, to, numbers):
    over = shop()
    outcome = paper.kept(returned(back(1, "1", disposition)), over, "3")
    (moved,) = outcome.movements
    assert (moved.from_account, moved.to_account, moved.document) == ("@customer", to, "rsv-1")
    level = over.level(TENANT, "A", "MAIN", "")
    assert (str(level.on_hand), str(level.held), str(level.available)) == numbers


def test_what_is_in_quarantine_is_free_once_it_is_released():
    over = shop()
    outcome = paper.kept(returned(back(1, "1", "quarantine")), over, "3")
    held = outcome.body["lines"][0]["hold_id"]
    assert held == "hold-3-1"
    assert [each.type for each in outcome.events] == ["return.received", "hold.placed"]
    paper.kept(ReleaseHold(hold_id=held, reason="as new"), over, "4")
    assert str(over.level(TENANT, "A", "MAIN", "").available) == "7"


def test_returns_add_up():
    over = shop()
    paper.kept(returned(back(1, "3")), over, "3")
    outcome = paper.decided(returned(back(1, "2")), over)
    assert outcome.problem["returnable"] == "1"
    last = paper.kept(returned(back(1, "1")), over, "4")
    assert last.body["returned"] == [
        {
            "reservation_id": "rsv-1",
            "lines": [{"line": 1, "sku": "A", "lot": None, "quantity": "4"}],
            "version": 2,
        }
    ]
