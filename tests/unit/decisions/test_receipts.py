"""Receipts: goods come in, all lines or none, and what a label says of a lot is noted once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.documents import Lot
from schemas.commands.receipts import PostReceipt
from schemas.times import stamp


def line(quantity, sku="A", **fields):
    return {"sku": sku, "location": "MAIN", "quantity": quantity, **fields}


def receipt(*lines, **fields):
    return PostReceipt(lines=list(lines), **fields)


def shop():
    """Of A there are 10; lot L1 of B expires on 2027-01-31, of L2 nothing is known."""
    over = paper.book(("A", "", "10", "4"), ("B", "L1", "5", "0"), ("B", "L2", "5", "0"))
    over.lots[TENANT, "B", "L1"] = Lot(
        TENANT, "B", "L1", "active", None, date(2027, 1, 31), None, None, None, 3
    )
    return over


JANUARY, MAY = date(2027, 1, 31), date(2027, 5, 31)


def days_ago(days):
    return paper.NOW - timedelta(days=days)


CASES = [
    (receipt(line("5")), 201, None, {}),
    (receipt(line("5"), line("2"), line("1", location="EAST")), 201, None, {}),
    (receipt(line("5", "NONE")), 422, "unknown-item", None),
    (receipt(line("5"), line("5", location="NOWHERE")), 422, "unknown-location", None),
    (receipt(line("5", "B")), 422, "lot-rule", None),
    (receipt(line("5", lot="L1")), 422, "lot-rule", None),
    (receipt(line("5", "B", lot="L3")), 201, None, {}),  # of which nobody knows anything
    (receipt(line("5", "B", lot="L3", expires_on=MAY)), 201, None, {"L3": 1}),
    (receipt(line("5", "B", lot="L1")), 201, None, {}),
    (receipt(line("5", "B", lot="L1", expires_on=JANUARY)), 201, None, {}),
    (receipt(line("5", "B", lot="L1", remove_on=JANUARY)), 201, None, {"L1": 4}),
    (receipt(line("5", "B", lot="L1", expires_on=MAY)), 409, "lot-dates-differ", None),
    (
        receipt(line("1", "B", lot="L3", expires_on=MAY), line("1", "B", lot="L3", alert_on=MAY)),
        201,
        None,
        {"L3": 1},
    ),
    (
        receipt(
            line("1", "B", lot="L3", expires_on=MAY), line("1", "B", lot="L3", expires_on=JANUARY)
        ),
        409,
        "lot-dates-differ",
        None,
    ),
    (receipt(line("999999999990")), 422, "quantity-out-of-bounds", None),
    (receipt(line("999999999980"), line("10")), 422, "quantity-out-of-bounds", None),
]


@pytest.mark.parametrize(("command", "code", "refused", "described"), CASES)
def test_goods_come_in_and_their_lots_become_known(command, code, refused, described):
    outcome = paper.decided(command, shop())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if described is not None:
        assert {lot["lot"]: lot["version"] for lot in outcome.body["lots"]} == described
        told = [event.type for event in outcome.events]
        assert told == ["receipt.posted", *["lot.described"] * len(described)]
        lots = [each for each in outcome.documents if isinstance(each, Lot)]
        assert {lot.lot: lot.version for lot in lots} == described


@pytest.mark.parametrize(
    ("source", "account"),
    [("vendor", "@vendor"), ("customer", "@customer"), ("production", "@production")],
)
def test_goods_come_from_where_they_are_said_to_come(source, account):
    outcome = paper.decided(receipt(line("5", unit_cost="1.25"), source=source), shop())
    (moved,) = outcome.movements
    assert (moved.from_account, moved.to_account) == (account, "MAIN")
    assert (moved.quantity, moved.unit_cost) == (Decimal(5), Decimal("1.25"))


def test_what_has_come_in_can_be_promised_by_the_next_command():
    over = shop()
    paper.kept(receipt(line("5"), line("1")), over, "1")
    assert str(over.level(TENANT, "A", "MAIN", "").available) == "12"


def test_a_refused_date_names_both():
    outcome = paper.decided(receipt(line("5", "B", lot="L1", expires_on=MAY)), shop())
    assert outcome.problem["pointer"] == "/lines/0/expires_on"
    assert outcome.problem["known"] == "2027-01-31"


def test_dates_belong_to_a_lot():
    with pytest.raises(ValidationError, match="dates belong to a lot"):
        receipt(line("5", expires_on=MAY))


ORDERS = [
    ({"vendor_id": "V-1", "ordered_at": days_ago(9), "promised_at": days_ago(2)}, None),
    ({"vendor_id": "V-1", "ordered_at": days_ago(9), "promised_at": days_ago(-2)}, None),
    ({"vendor_id": "V-1"}, None),
    ({"vendor_id": "V-1", "source": "customer"}, "/vendor_id"),
    ({"ordered_at": days_ago(9)}, "/ordered_at"),
    ({"vendor_id": "V-1", "ordered_at": days_ago(-1)}, "/ordered_at"),
    ({"vendor_id": "V-1", "promised_at": days_ago(2)}, "/promised_at"),
    ({"vendor_id": "V-1", "ordered_at": days_ago(2), "promised_at": days_ago(3)}, "/promised_at"),
]


@pytest.mark.parametrize(("order", "refused_at"), ORDERS)
def test_a_receipt_may_say_of_which_order_it_is(order, refused_at):
    outcome = paper.decided(receipt(line("5"), **order), shop())
    if refused_at:
        assert (paper.refusal(outcome), outcome.problem["pointer"]) == ("receipt-rule", refused_at)
    else:
        said = {name: outcome.body[name] for name in order}
        assert said == {
            name: each if isinstance(each, str) else stamp(each) for name, each in order.items()
        }
