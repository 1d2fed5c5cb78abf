"""Serials: each unit has its own, is in one place, and is promised to one at a time."""

from decimal import Decimal

import pytest
from orjson import dumps

import paper
from asks import PROOF, TENANT, units
from ledger.documents import Unit
from schemas.commands.holds import PlaceHold
from schemas.commands.issues import IssueStock
from schemas.commands.receipts import PostReceipt
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ExpireReservation,
    ReleaseReservation,
)
from schemas.commands.stock import AdjustStock, RecordStock
from schemas.commands.transfers import CloseTransfer, ReceiveTransfer, ShipTransfer

TEN = {"from": "SN01", "to": "SN10"}


def receipt(*serials, **fields):
    return PostReceipt(lines=[{**units("S", *serials), **fields}])


def come_back(*serials):
    return PostReceipt(source="customer", lines=[units("S", *serials)])


def reserve(*lines, **fields):
    return CreateReservation(order_id="SO", lines=list(lines), **fields)


def any_of(quantity, **fields):
    return {"sku": "S", "location": "MAIN", "quantity": quantity, **fields}


def part(*serials, line=1, quantity=None):
    named = {"line": line, "quantity": quantity or str(len(serials))}
    return {**named, "serials": list(serials)} if serials else named


def consume(named, *parts):
    body = {"reservation_id": f"rsv-{named}", "lines": list(parts) or None}
    return ConsumeReservation.model_validate_json(dumps({**body, "shipment_proof": PROOF}))


def release(named, *parts):
    return ReleaseReservation(reservation_id=f"rsv-{named}", lines=list(parts) or None, reason="r")


def ship(*serials):
    wanted = units("S", *serials)
    del wanted["location"]
    return ShipTransfer(from_location="MAIN", to_location="EAST", lines=[wanted])


def receive(*parts):
    return ReceiveTransfer(transfer_id="trf-4", lines=list(parts) or None)


def issue(*serials, to="customer", **fields):
    return IssueStock(to=to, lines=[{**units("S", *serials), **fields}], reason_code="r")


def adjust(delta, *serials):
    return AdjustStock(
        sku="S", location="MAIN", delta=delta, serials=list(serials) or None, reason_code="r"
    )


def count(*serials, quantity=None):
    quantity = quantity or str(len(serials))
    return RecordStock(
        sku="S", location="MAIN", quantity=quantity, serials=list(serials), reason="r"
    )


def shop(*commands):
    """SN01 to SN10 at MAIN; rsv-2 promises SN01 and SN02 by name, rsv-3 any two; trf-4 has SN09, SN10."""
    over = paper.book()
    for number, command in enumerate(
        [
            receipt(("SN01", "SN10")),
            reserve(units("S", "SN01", "SN02")),
            reserve(any_of("2")),
            ship("SN09", "SN10"),
            *commands,
        ],
        1,
    ):
        assert paper.refusal(paper.kept(command, over, str(number))) is None, command
    return over


def where(over, *serials):
    return [over.serials[TENANT, "S", each].account for each in serials]


def test_the_worked_example_of_the_page():
    """docs/domain/serials.md says what this does, step by step."""
    over = paper.book()
    for number, (command, on_hand, reserved, available) in enumerate(
        [
            (receipt(("SN01", "SN10")), 10, 0, 10),
            (reserve(units("S", "SN01", "SN02")), 10, 2, 8),
            (reserve(any_of("3")), 10, 5, 5),
            (consume("2"), 8, 3, 5),
            (consume("3", part("SN05", "SN07")), 6, 1, 5),
            (come_back("SN01"), 7, 1, 6),
            (adjust("-1", "SN10"), 6, 1, 5),
        ],
        1,
    ):
        paper.kept(command, over, str(number))
        level = over.level(TENANT, "S", "MAIN", "")
        assert (level.on_hand, level.reserved, level.available) == (on_hand, reserved, available)
    assert where(over, "SN01", "SN02", "SN05", "SN07", "SN10") == [
        "MAIN", "@customer", "@customer", "@customer", "@loss",
    ]  # fmt: skip
    assert over.serials[TENANT, "S", "SN01"].version == 4


REFUSED = [
    # what comes in
    (receipt("SN01"), 409, "serial-present"),
    (receipt("SN09"), 409, "serial-present"),  # it is in transit
    (receipt("SN11", quantity="2"), 422, "serial-rule"),
    (receipt("SN11", quantity="0.5"), 422, "serial-rule"),
    (PostReceipt(lines=[any_of("1")]), 422, "serial-rule"),
    (PostReceipt(lines=[units("S", "SN11"), units("S", "SN11")]), 409, "serial-present"),
    (PostReceipt(lines=[units("A", "SN11")]), 422, "serial-rule"),
    (PostReceipt(lines=[any_of("1", serials=["SN11"], lot="L1")]), 422, "lot-rule"),
    # what goes out
    (issue("SN01"), 409, "serial-not-available"),  # promised by name
    (issue("SN09"), 409, "serial-not-available"),  # in transit
    (issue("SN77"), 409, "serial-not-available"),
    (issue("SN03", location="EAST"), 409, "insufficient-stock"),
    (issue("SN03", "SN04", "SN05", "SN06", "SN07"), 409, "insufficient-stock"),  # 4 are free
    (IssueStock(to="scrap", lines=[any_of("1")], reason_code="r"), 422, "serial-rule"),
    (ship("SN02"), 409, "serial-not-available"),
    (
        ShipTransfer(
            from_location="MAIN", to_location="EAST", lines=[{"sku": "S", "quantity": "1"}]
        ),
        422,
        "serial-rule",
    ),
    (adjust("-1", "SN02"), 409, "serial-not-available"),
    (adjust("-1"), 422, "serial-rule"),
    (adjust("1", "SN02"), 409, "serial-present"),
    (adjust("-2", "SN03"), 422, "serial-rule"),
    # counts
    (count("SN03", "SN04", "SN05", "SN06"), 409, "serial-not-available"),  # SN01, SN02 promised
    (count("SN01", "SN02", "SN03"), 409, "insufficient-stock"),
    (count("SN01", "SN09", "SN02", "SN03"), 409, "serial-present"),
    (count("SN01", quantity="2"), 422, "serial-rule"),
    (
        RecordStock(sku="S", location="MAIN", quantity="8", reason="r"),
        422,
        "serial-rule",
    ),
    # promises
    (reserve(units("S", "SN01")), 409, "serial-not-available"),
    (reserve(units("S", "SN09")), 409, "serial-not-available"),
    (reserve(units("S", "SN77")), 409, "serial-not-available"),
    (reserve(units("S", "SN03"), units("S", "SN03")), 409, "serial-not-available"),
    (reserve(any_of("0.5")), 422, "serial-rule"),
    (reserve(any_of("5")), 409, "insufficient-stock"),
    (reserve(units("S", "SN03", quantity=2)), 422, "serial-rule"),
    (reserve(units("S", ("SN03", "SN07")), allow_partial=True), 409, "insufficient-stock"),
    (reserve(any_of("2", split=True)), 422, "serial-rule"),
    (reserve({**units("S", "SN03"), "other_locations": ["EAST"]}), 422, "serial-rule"),
    (reserve(units("NONE", "SN03")), 422, "unknown-item"),
    (consume("3"), 422, "serial-rule"),  # it names none
    (consume("3", part("SN01", "SN03")), 409, "serial-not-available"),
    (consume("3", part("SN09")), 409, "serial-not-available"),
    (consume("3", part("SN03"), part("SN03")), 422, "serial-rule"),
    (consume("2", part(quantity="1")), 422, "serial-rule"),
    (consume("2", part("SN03")), 422, "serial-rule"),
    (consume("2", part("SN01", "SN02", "SN03")), 409, "reservation-holds-less"),
    (release("2", part(quantity="1")), 422, "serial-rule"),
    (release("3", part("SN03")), 422, "serial-rule"),
    (receive(part(quantity="1")), 422, "serial-rule"),
    (receive(part("SN03")), 422, "serial-rule"),
    (PlaceHold(sku="S", location="MAIN", quantity="0.5", reason="r"), 422, "serial-rule"),
]


@pytest.mark.parametrize(("command", "code", "refused"), REFUSED)
def test_what_a_unit_cannot_do_is_refused(command, code, refused):
    over = shop()
    outcome = paper.decided(command, over)
    assert (outcome.code, paper.refusal(outcome)) == (code, refused), outcome


APPLIED = [
    (receipt("SN11", "SN12"), ["SN11", "SN12"], "MAIN"),
    (issue(("SN03", "SN06"), to="scrap"), ["SN03", "SN04", "SN05", "SN06"], "@scrap"),
    (issue("SN03", to="production"), ["SN03"], "@production"),
    (ship("SN08"), ["SN08"], "@transit"),
    (receive(), ["SN09", "SN10"], "EAST"),
    (receive(part("SN10")), ["SN10"], "EAST"),
    (receive(part(quantity="2")), ["SN09", "SN10"], "EAST"),
    (CloseTransfer(transfer_id="trf-4", rest="lost", reason="r"), ["SN09", "SN10"], "@loss"),
    (CloseTransfer(transfer_id="trf-4", rest="returned", reason="r"), ["SN09", "SN10"], "MAIN"),
    (consume("2"), ["SN01", "SN02"], "@customer"),
    (consume("2", part("SN02")), ["SN02"], "@customer"),
    (consume("2", part("SN02"), part("SN01")), ["SN02", "SN01"], "@customer"),
    (consume("3", part("SN08", "SN03")), ["SN08", "SN03"], "@customer"),
    (adjust("2", "F1", "F2"), ["F1", "F2"], "MAIN"),
    (adjust("-2", "SN03", "SN05"), ["SN03", "SN05"], "@loss"),
]


@pytest.mark.parametrize(("command", "serials", "account"), APPLIED)
def test_a_unit_is_where_its_command_brought_it(command, serials, account):
    over = shop()
    outcome = paper.kept(command, over, "9")
    assert paper.refusal(outcome) is None
    assert where(over, *serials) == [account] * len(serials)
    moved = [each for movement in outcome.movements for each in movement.serials]
    assert sorted(moved) == sorted(serials)
    assert all(over.serials[TENANT, "S", each].reservation_id is None for each in serials)


@pytest.mark.parametrize(
    ("command", "left", "free"),
    [
        (release("2"), (), ["SN01", "SN02"]),
        (release("2", part("SN01")), ("SN02",), ["SN01"]),
        (consume("2", part("SN01")), ("SN02",), []),
        (ExpireReservation(reservation_id="rsv-2"), (), ["SN01", "SN02"]),
    ],
)
def test_a_promise_by_name_ends_with_it(command, left, free):
    over = shop()
    found = over.reservations[TENANT, "rsv-2"]
    if isinstance(command, ExpireReservation):
        over.reservations[TENANT, "rsv-2"] = found._replace(expires_at=paper.NOW)
    paper.kept(command, over, "9")
    assert over.reservations[TENANT, "rsv-2"].lines[0].serials == left
    for each in free:
        assert over.serials[TENANT, "S", each].reservation_id is None
    assert paper.refusal(paper.decided(reserve(any_of("4")), over)) is None


def test_serials_are_as_many_as_the_base_units_that_were_said():
    over = shop()
    item = over.items[TENANT, "S"]
    over.items[TENANT, "S"] = item._replace(units=(Unit("pair", Decimal(2), None),))
    one = {**units("S", "P1", "P2"), "quantity": "1", "unit": "pair"}
    assert paper.refusal(paper.decided(PostReceipt(lines=[one]), over)) is None
    two = {**one, "quantity": "2"}
    assert paper.refusal(paper.decided(PostReceipt(lines=[two]), over)) == "serial-rule"
    found = AdjustStock(
        sku="S", location="MAIN", delta="1", unit="pair", serials=["P1", "P2"], reason_code="r"
    )
    assert paper.decided(found, over).body["difference"] == "2"


def test_any_units_are_given_back_without_names():
    over = shop()
    paper.kept(release("3", part(quantity="1")), over, "9")
    assert over.level(TENANT, "S", "MAIN", "").reserved == 3


def test_a_count_brings_in_what_it_found_and_takes_out_what_it_missed():
    over = shop()
    outcome = paper.kept(count("SN01", "SN02", "SN03", "SN05", "F1"), over, "9")
    assert outcome.body["found"] == ["F1"]
    assert outcome.body["missing"] == ["SN04", {"from": "SN06", "to": "SN08"}]
    assert [(each.from_account, each.to_account, each.quantity) for each in outcome.movements] == [
        ("@loss", "MAIN", 1),
        ("MAIN", "@loss", 4),
    ]
    same = paper.kept(count("SN01", "SN02", "SN03", "SN05", "F1"), over, "10")
    assert (same.movements, same.serials, same.body["difference"]) == ((), (), "0")


@pytest.mark.parametrize("gone", [issue("SN03"), issue("SN03", to="scrap"), adjust("-1", "SN03")])
def test_a_unit_that_left_us_comes_back_as_itself(gone):
    over = shop(gone)
    before = over.serials[TENANT, "S", "SN03"]
    paper.kept(come_back("SN03"), over, "9")
    after = over.serials[TENANT, "S", "SN03"]
    assert (after.account, after.version) == ("MAIN", before.version + 1)


def test_a_refusal_names_the_first_few_and_counts_all():
    outcome = paper.decided(receipt(("SN01", "SN10"), "SN11"), shop())
    problem = outcome.problem
    assert problem["count"] == 10
    assert problem["pointer"] == "/lines/0/serials"
    assert problem["serials"] == ["SN01", "SN02", "SN03", "SN04", "SN05"]
    said = "SN01 (promised to rsv-2), SN02 (promised to rsv-2), SN03 (in stock at MAIN), "
    assert said in problem["detail"]
    assert problem["detail"].endswith("and 5 more")
