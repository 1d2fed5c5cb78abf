"""What is said of costs: charges by every basis, prices, revaluations, periods and who may date back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.costing import Period
from schemas.commands.costing import AddCharge, CorrectPrice, Revalue, SetCostMethod, SetPeriod
from schemas.commands.issues import IssueStock
from schemas.commands.receipts import PostReceipt
from schemas.commands.stock import AdjustStock

YESTERDAY = paper.NOW - timedelta(days=1)


def shop(*, closed=None, backdaters=()):
    """Three lines came in two days ago: 2 of A at 100, 2 of A at 50, and 4 of A at no known cost."""
    over = paper.book(("A", "", "10", "0"))
    lines = [
        {"sku": "A", "location": "MAIN", "quantity": quantity, "unit_cost": cost}
        for quantity, cost in (("2", "60"), ("2", "100"), ("4", None))
    ]
    paper.kept(PostReceipt(lines=lines), over, "1")
    (key,) = over.receipts
    came = "2026-11-19T08:00:00.000000Z"
    over.receipts[key] = over.receipts[key]._replace(effective_at=came)
    if closed or backdaters:
        over.periods[TENANT,] = Period(TENANT, closed, tuple(backdaters), "year's end", 3)
    return over


def charge(amount, basis, *lines, **fields):
    named = [
        line if isinstance(line, dict) else {"receipt_id": "rcp-1", "line": line} for line in lines
    ]
    return AddCharge(amount=amount, basis=basis, lines=named, reason="freight", **fields)


def measured(line, measure):
    return {"receipt_id": "rcp-1", "line": line, "measure": measure}


def manual(line, amount):
    return {"receipt_id": "rcp-1", "line": line, "amount": amount}


CHARGES = [
    (charge("80", "equal", 1, 2), ["40", "40"]),
    (charge("80", "quantity", 1, 3), ["26.67", "53.33"]),
    (charge("80", "amount", 1, 2), ["30", "50"]),
    (charge("80", "weight", measured(1, "1"), measured(3, "7")), ["10", "70"]),
    (charge("80", "volume", measured(1, "0.5"), measured(2, "0.3")), ["50", "30"]),
    (charge("80", "manual", manual(1, "70.5"), manual(2, "9.5")), ["70.5", "9.5"]),
    (charge("80", "manual", manual(1, "70.5"), manual(2, "9")), "charge-basis"),
    (charge("80", "amount", 1, 3), "charge-basis"),  # what line 3 cost is not known
    (charge("80", "equal", 4), "unknown-receipt"),
    (charge("80", "equal", {"receipt_id": "rcp-2", "line": 1}), "unknown-receipt"),
]


@pytest.mark.parametrize(("command", "expected"), CHARGES)
def test_a_charge_is_divided_by_its_basis(command, expected):
    outcome = paper.decided(command, shop())
    if isinstance(expected, str):
        assert paper.refusal(outcome) == expected
        return
    assert [line["amount"] for line in outcome.body["lines"]] == expected
    assert sum(fact.amount for fact in outcome.costs) == command.amount
    assert {fact.from_account for fact in outcome.costs} == {"@charges"}


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        ("JPY", "80", ["27", "53"]),
        ("EUR", "80", ["26.67", "53.33"]),
        ("KWD", "80", ["26.667", "53.333"]),
        ("JPY", "80.5", "amount-digits"),
        ("KWD", "80.0005", "amount-digits"),
    ],
)
def test_a_charge_is_divided_into_what_its_currency_can_pay(currency, amount, expected):
    over = shop()
    over.periods[TENANT,] = Period(TENANT, None, (), "r", 1, currency)
    outcome = paper.decided(charge(amount, "quantity", 1, 3), over)
    if isinstance(expected, str):
        assert (paper.refusal(outcome), outcome.problem["pointer"]) == (expected, "/amount")
        return
    assert [line["amount"] for line in outcome.body["lines"]] == expected


def test_a_currency_is_stated_once():
    over = shop()
    stated = SetPeriod(currency="JPY", reason="we sell in yen")
    assert paper.kept(stated, over, "1").body["currency"] == "JPY"
    assert paper.kept(SetPeriod(reason="r"), over, "2").body["currency"] == "JPY"
    again = SetPeriod(currency="EUR", reason="r")
    assert paper.refusal(paper.decided(again, over)) == "currency-stands"


def test_a_small_charge_has_no_share_below_nothing():
    over = paper.book(("A", "", "10", "0"))
    lines = [{"sku": "A", "location": "MAIN", "quantity": "1"}] * 7
    paper.kept(PostReceipt(lines=lines), over, "1")
    outcome = paper.decided(charge("0.000004", "equal", *range(1, 8)), over)
    shares = [Decimal(line["amount"]) for line in outcome.body["lines"]]
    assert min(shares) == 0
    assert sum(shares) == Decimal("0.000004")


@pytest.mark.parametrize(
    ("lines", "basis"),
    [((1, 1), "equal"), ((measured(1, "1"),), "equal"), ((1,), "weight"), ((1,), "manual")],
)
def test_a_charge_states_what_it_goes_by(lines, basis):
    with pytest.raises(ValidationError):
        charge("1", basis, *lines)


def price(line=1, **fields):
    return CorrectPrice(receipt_id="rcp-1", line=line, unit_cost="15", reason="invoice", **fields)


def test_a_price_is_of_a_receipts_line_and_stands_there_from_then_on():
    over = shop()
    outcome = paper.decided(price(3), over)
    assert [line["unit_cost"] for line in outcome.body["lines"]] == ["60", "100", "15"]
    assert outcome.body["version"] == 2
    (fact,) = outcome.costs
    assert (fact.kind, fact.document, fact.line, fact.unit_cost) == ("price", "rcp-1", 3, 15)
    assert fact.amount is None, "nobody had said what it cost"
    assert paper.decided(price(1), over).costs[0].amount == 120
    assert paper.refusal(paper.decided(price(9), over)) == "unknown-receipt"


def test_what_came_a_moment_after_our_batch_began_is_charged_when_it_came():
    over = shop()
    (key,) = over.receipts
    over.receipts[key] = over.receipts[key]._replace(effective_at="2026-11-21T12:00:00.000009Z")
    (fact,) = paper.decided(price(), over).costs
    assert fact.effective_at == "2026-11-21T12:00:00.000009Z"


def back(moment=YESTERDAY):
    return [
        price(effective_at=moment),
        charge("1", "equal", 1, effective_at=moment),
        Revalue(sku="A", location="MAIN", unit_cost="2", reason="r", effective_at=moment),
        AdjustStock(sku="A", location="MAIN", delta="1", reason_code="r", effective_at=moment),
        PostReceipt(lines=[{"sku": "A", "location": "MAIN", "quantity": "1"}], effective_at=moment),
        IssueStock(
            to="customer",
            lines=[{"sku": "A", "location": "MAIN", "quantity": "1"}],
            reason_code="r",
            effective_at=moment,
        ),
    ]


MAY = {"backdaters": ["ann"]}
PERIODS = [
    ({}, YESTERDAY, "backdating-not-allowed"),
    ({"backdaters": ["bob"]}, YESTERDAY, "backdating-not-allowed"),
    (MAY, YESTERDAY, None),
    ({**MAY, "closed": date(2026, 11, 19)}, YESTERDAY, None),
    ({**MAY, "closed": date(2026, 11, 20)}, YESTERDAY, "period-closed"),
    (MAY, paper.NOW + timedelta(seconds=1), "effective-in-future"),
]


@pytest.mark.parametrize(("period", "moment", "refused"), PERIODS)
def test_whoever_may_dates_things_back_into_an_open_period(period, moment, refused):
    for command in back(moment):
        outcome = paper.decided(command, shop(**period))
        assert paper.refusal(outcome) == refused, command
        if refused is None:
            (row,) = outcome.movements + outcome.costs
            assert row.effective_at == "2026-11-20T12:00:00.000000Z"


def test_nothing_is_charged_before_it_came():
    early = datetime(2026, 11, 18, tzinfo=UTC)
    for command in back(early)[:2]:
        assert paper.refusal(paper.decided(command, shop(**MAY))) == "effective-before-receipt"


@pytest.mark.parametrize(
    ("until", "refused"),
    [(date(2026, 11, 20), None), (date(2026, 11, 21), "period-not-over"), (None, None)],
)
def test_only_days_that_are_over_are_closed(until, refused):
    command = SetPeriod(closed_until=until, backdaters=["ann"], reason="month's end")
    over = shop(closed=date(2026, 10, 31))
    outcome = paper.decided(command, over)
    assert paper.refusal(outcome) == refused
    if refused is None:
        assert (outcome.code, outcome.body["version"]) == (200, 4)


def method(name="average", cost=None, sku="A"):
    return SetCostMethod(sku=sku, method=name, standard_cost=cost)


def test_a_method_is_an_items_and_a_standard_is_not_revalued():
    over = shop()
    assert paper.refusal(paper.decided(method(sku="NONE"), over)) == "unknown-item"
    first = paper.kept(method("standard", "12.5"), over, "2")
    assert (first.code, first.costs[0].method, first.costs[0].unit_cost) == (
        201,
        "standard",
        Decimal("12.5"),
    )
    revalue = Revalue(sku="A", location="MAIN", unit_cost="2", reason="r")
    assert paper.refusal(paper.decided(revalue, over)) == "cost-method"
    assert paper.kept(method("fifo"), over, "3").code == 200
    assert paper.decided(revalue, over).code == 201


@pytest.mark.parametrize(("name", "cost"), [("standard", None), ("fifo", "1")])
def test_a_standard_has_a_cost_and_nothing_else_has(name, cost):
    with pytest.raises(ValidationError):
        method(name, cost)
