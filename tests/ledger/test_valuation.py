"""The valuation on a real ledger: what moves and what is said later, of any moment, step by step."""

from datetime import timedelta
from decimal import Decimal

import asks
from ledger.connection import connect
from ledger.valuation import step as steps
from ledger.valuation.as_of import booked, under_way
from valuing import NOW, issue, moment, period, receive, valued, worth


def test_what_came_and_went_has_its_value(books, tx):
    books.ask(receive("10", "10"))
    books.ask(issue("4"))
    valued(tx)
    assert worth(tx) == {
        "MAIN": ("6", "60"),
        "@customer": ("4", "40"),
        "@vendor": ("-10", "-100"),
    }


def test_an_invoice_after_the_sale_reaches_what_was_sold(books, tx):
    """Received at 10, 4 sold and valued; the invoice says 15, and freight of 30 comes on top."""
    receipt = books.ask(receive("10", "10"))[0].record["resource"]["id"]
    books.ask(issue("4"))
    valued(tx)
    books.ask(
        asks.ask(
            "cost.correct-price",
            {"receipt_id": receipt, "line": 1, "unit_cost": "15", "reason": "invoice"},
        ),
        asks.ask(
            "cost.add-charge",
            {
                "amount": "30",
                "basis": "equal",
                "lines": [{"receipt_id": receipt, "line": 1}],
                "reason": "freight",
            },
        ),
    )
    valued(tx)
    assert worth(tx) == {
        "MAIN": ("6", "108"),
        "@customer": ("4", "72"),
        "@vendor": ("-10", "-150"),
        "@charges": ("0", "-30"),
    }


def test_a_price_may_be_corrected_again(books, tx):
    """10 at 10, sold; the invoice says 15, a credit note 12: in the end it cost 12."""
    receipt = books.ask(receive("10", "10"))[0].record["resource"]["id"]
    books.ask(issue("10"))
    for cost in ("15", "12"):
        body = {"receipt_id": receipt, "line": 1, "unit_cost": cost, "reason": "invoice"}
        books.ask(asks.ask("cost.correct-price", body))
    valued(tx)
    assert worth(tx) == {"@customer": ("10", "120"), "@vendor": ("-10", "-120")}


def test_what_is_dated_back_restates_what_came_after_it(books, tx):
    """By average: 5 at 5, one issued at 5; then 5 at 10 turn up that came before the issue."""
    books.ask(receive("5", "5", since=moment(9)))
    books.ask(issue("1", since=moment(5)))
    valued(tx)
    assert worth(tx)["@customer"] == ("1", "5")
    books.ask(receive("5", "10", since=moment(7)))
    valued(tx)
    assert worth(tx)["@customer"] == ("1", "7.5")
    assert worth(tx, at=NOW - timedelta(hours=8)) == {"MAIN": ("5", "25"), "@vendor": ("-5", "-25")}
    rows = tx.execute("SELECT revision, amount FROM value_entry WHERE to_account = '@customer'")
    assert sorted(rows) == [(0, 5), (1, Decimal("2.5"))], "a correction is an entry more"


def test_a_closed_period_keeps_its_value(books, tx):
    """What is valued, or valued otherwise, only after the close is booked on the first open day."""
    day = (NOW - timedelta(days=10)).date()
    books.ask(receive("10", "10", since=moment(24 * 10)))
    valued(tx)
    books.ask(receive("1", "5", since=moment(24 * 10)))
    books.ask(period(day.isoformat()))
    refused = books.ask(receive("1", "5", since=moment(24 * 10)))[0]
    assert refused.problem == "period-closed"
    valued(tx)
    assert booked(tx, asks.TENANT, day) == [("A", "@vendor", -100), ("A", "MAIN", 100)]
    opens = day + timedelta(days=1)
    assert booked(tx, asks.TENANT, opens) == [("A", "@vendor", -105), ("A", "MAIN", 105)]


def test_a_transfer_carries_its_value(books, tx):
    books.ask(receive("3", "32.666667"))
    sent = books.ask(asks.ship(("A", "2")))[0].record["resource"]["id"]
    valued(tx)
    assert worth(tx)["@transit"] == ("2", "65.33")
    books.ask(asks.receive(sent))
    valued(tx)
    assert worth(tx)["EAST"] == ("2", "65.33")
    assert "@transit" not in worth(tx)


def test_a_long_history_is_restated_step_by_step_and_read_meanwhile(books, tx, monkeypatch):
    """Of 60 issues each step restates 10: others are valued, and readers are not kept waiting."""
    monkeypatch.setattr(steps, "FACTS", 10)
    monkeypatch.setattr(steps, "FACTS_EACH", 1)
    monkeypatch.setattr(steps, "CHECKPOINT_FACTS", 7)
    books.ask(receive("100", "1", since=moment(200)))
    books.ask(*(issue("1", since=moment(100 - number)) for number in range(60)))
    valued(tx)
    assert worth(tx)["@customer"] == ("60", "60")
    books.ask(receive("100", "2", since=moment(150)))
    steps.step(tx)
    assert under_way(tx, asks.TENANT) == ["A"]
    part = Decimal(worth(tx)["@customer"][1])
    assert 60 < part < 90
    books.ask(receive("1", "7", sku="B"))
    assert valued(tx) >= 5
    assert worth(tx)["@customer"] == ("60", "90")
    assert worth(tx, sku="B")["MAIN"] == ("1", "7")


def test_two_valuations_share_the_work(books, tx, database_url):
    books.ask(*(receive("1", "1", sku=sku) for sku in ("A", "B", "A")))
    other = connect(database_url, "stockyard valuation", batches=True)
    other.autocommit = True
    with tx.transaction():
        steps.intake.take_in(tx, 1_000, 10)
    with tx.transaction():
        tx.execute("SELECT 1 FROM value_item WHERE sku = 'A' FOR UPDATE")
        assert steps.step(other).items == 1, "the other item is not waited for"
    valued(tx)
    other.close()
    assert (worth(tx)["MAIN"], worth(tx, sku="B")["MAIN"]) == (("2", "2"), ("1", "1"))
