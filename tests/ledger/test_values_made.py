"""Values on a real ledger of what is made, what comes back, and what goes back; in any currency."""

import pytest

import asks
from ledger.connection import connect
from ledger.valuation import step as steps
from valuing import ACTOR, issue, moment, receive, valued, worth


@pytest.fixture
def kits(books):
    """K is made of two A and a B; P of two A, by an order."""
    books.ask(asks.item("K"), asks.item("P"))
    books.ask(
        asks.recipe("K", ("A", "2"), ("B", "1"), kind="kit"),
        asks.recipe("P", ("A", "2"), kind="production"),
    )
    return books


def test_what_is_made_is_worth_what_went_in_also_if_that_is_known_late(kits, tx):
    """A kit of two A at 10 and a B at 5, sold; then A turns out to have cost 12."""
    receipt = kits.ask(receive("10", "10"))[0].record["resource"]["id"]
    kits.ask(receive("4", "5", sku="B"))
    kits.ask(asks.assemble("K", "2"))
    valued(tx)
    assert worth(tx, sku="K") == {"MAIN": ("2", "50"), "@production": ("-2", "-50")}
    kits.ask(issue("1", sku="K"))
    body = {"receipt_id": receipt, "line": 1, "unit_cost": "12", "reason": "invoice"}
    kits.ask(asks.ask("cost.correct-price", body))
    valued(tx)
    assert worth(tx, sku="K") == {
        "MAIN": ("1", "29"),
        "@customer": ("1", "29"),
        "@production": ("-2", "-58"),
    }
    assert worth(tx)["@production"] == ("4", "48")


def test_what_is_made_of_nothing_any_more_is_worth_nothing(kits, tx):
    """A kit of two A at 10: before that A was worth nothing, as it turns out."""
    kits.ask(receive("4", "10", since=moment(9)), receive("1", "0", sku="B", since=moment(9)))
    kits.ask(asks.assemble("K", "1"))
    valued(tx)
    assert worth(tx, sku="K")["MAIN"] == ("1", "20")
    body = {"sku": "A", "location": "MAIN", "unit_cost": "0", "reason": "r"}
    kits.ask(asks.ask("cost.revalue", {**body, "effective_at": moment(5)}))
    valued(tx)
    assert worth(tx, sku="K") == {"MAIN": ("1", "0"), "@production": ("-1", "0")}


def test_what_is_dated_back_reaches_what_was_made_since_step_by_step(kits, tx, monkeypatch):
    monkeypatch.setattr(steps, "FACTS", 2)
    monkeypatch.setattr(steps, "FACTS_EACH", 1)
    monkeypatch.setattr(steps, "CHECKPOINT_FACTS", 2)
    kits.ask(receive("10", "1", since=moment(9)))
    order = kits.ask(asks.start("P", "5"))[0].record["resource"]["id"]
    for _ in range(5):
        kits.ask(asks.use(order, ("A", "2")), asks.produce(order, "1"))
    kits.ask(issue("3", sku="P"))
    valued(tx)
    assert worth(tx, sku="P")["@customer"] == ("3", "6")
    kits.ask(receive("10", "3", since=moment(12)))
    valued(tx)
    assert worth(tx, sku="P") == {
        "MAIN": ("2", "8"),
        "@customer": ("3", "12"),
        "@production": ("-5", "-20"),
    }


def test_what_a_customer_sends_back_is_worth_what_it_left_for(books, tx):
    """By FIFO one at 5 and one at 10 are sold; the second comes back, and cost 11 in the end."""
    books.ask(asks.ask("cost.set-method", {"sku": "A", "method": "fifo"}))
    books.ask(receive("1", "5"))
    receipt = books.ask(receive("1", "10"))[0].record["resource"]["id"]
    sold = []
    for _ in range(2):
        sold.append(books.ask(asks.reserve(asks.line("A", "1")))[0].record["resource"]["id"])
        books.ask(asks.consume(sold[-1]))
    valued(tx)
    books.ask(asks.give_in(sold[1], (1, "1", "sellable")))
    valued(tx)
    assert worth(tx)["MAIN"] == ("1", "10")
    body = {"receipt_id": receipt, "line": 1, "unit_cost": "11", "reason": "invoice"}
    books.ask(asks.ask("cost.correct-price", body))
    valued(tx)
    assert worth(tx)["MAIN"] == ("1", "11")
    assert worth(tx)["@customer"] == ("1", "5")


def test_what_goes_back_to_a_vendor_leaves_at_its_receipts_cost(books, tx):
    books.ask(receive("10", "5"))
    receipt = books.ask(receive("10", "9"))[0].record["resource"]["id"]
    lines = [{"sku": "A", "location": "MAIN", "quantity": "4"}]
    body = {"to": "vendor", "lines": lines, "receipt_id": receipt, "reason_code": "broken"}
    books.ask(asks.ask("stock.issue", body))
    valued(tx)
    assert worth(tx) == {"MAIN": ("16", "104"), "@vendor": ("-16", "-104")}


@pytest.mark.parametrize(
    ("currency", "sold", "left"), [("JPY", "33", "67"), ("KWD", "33.333", "66.667")]
)
def test_values_have_the_decimals_of_their_currency(kits, tx, currency, sold, left):
    """A hundred for three of A; of one a kit is made. Stated late, the currency is as if it always had been."""
    kits.ask(receive("3", "33.333333"), receive("1", "0", sku="B"))
    kits.ask(asks.recipe("K", ("A", "1"), ("B", "1"), kind="kit"))
    kits.ask(asks.assemble("K", "1"))
    valued(tx)
    assert worth(tx, sku="K")["MAIN"] == ("1", "33.33")
    kits.ask(asks.ask("period.set", {"currency": currency, "backdaters": [ACTOR], "reason": "r"}))
    valued(tx)
    assert worth(tx, sku="K")["MAIN"] == ("1", sold)
    assert worth(tx)["MAIN"] == ("2", left)


def test_two_valuations_value_one_document(kits, tx, database_url):
    """Each has one of the items of a kit in hand: the last of them sees what both say."""
    kits.ask(receive("10", "10"), receive("4", "5", sku="B"))
    kits.ask(asks.assemble("K", "2"))
    other = connect(database_url, "stockyard valuation", batches=True)
    other.autocommit = True
    with tx.transaction():
        steps.intake.take_in(tx, 1_000, 10)
    with tx.transaction():
        tx.execute("SELECT 1 FROM value_item WHERE sku <> 'A' FOR UPDATE")
        assert steps.step(other).items == 1
    with tx.transaction():
        tx.execute("SELECT 1 FROM value_item WHERE sku <> 'B' FOR UPDATE")
        assert steps.step(other).items == 1
    valued(tx)
    other.close()
    assert worth(tx, sku="K")["MAIN"] == ("2", "50")
