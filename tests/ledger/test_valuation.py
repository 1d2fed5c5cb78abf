"""The valuation on a real ledger: however facts arrive, values are those of their order in time."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

import asks
from ledger.connection import connect
from ledger.valuation import step as steps
from ledger.valuation.as_of import booked, under_way, valuation

ACTOR = "ann"
NOW = datetime.now(UTC).replace(microsecond=0)


def moment(hours_ago):
    return (NOW - timedelta(hours=hours_ago)).isoformat()


@pytest.fixture
def tx(ledger):
    connection = connect(ledger.url, "stockyard valuation", batches=True)
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture
def books(ledger):
    """A and B at MAIN and EAST; tester may date things back."""
    ledger.ask(asks.item("A"), asks.item("B"), asks.location("MAIN"), asks.location("EAST"))
    ledger.ask(period())
    return ledger


def period(closed=None):
    body = {"closed_until": closed, "backdaters": [ACTOR], "reason": "r"}
    return asks.ask("period.set", body)


def valued(tx):
    """Step until nothing waits; how many steps did something."""
    done = list(itertools.takewhile(lambda each: not each.idle, iter(lambda: steps.step(tx), None)))
    return len(done)


def worth(tx, tenant=asks.TENANT, at=None, sku="A"):
    rows = valuation(tx, tenant, at or NOW + timedelta(days=1), sku)
    return {row.account: (str(row.quantity), str(row.value)) for row in rows}


def receive(quantity, cost=None, sku="A", location="MAIN", since=None, **headers):
    line = {"sku": sku, "location": location, "quantity": quantity, "unit_cost": cost}
    return asks.ask("receipt.post", {"lines": [line], "effective_at": since}, **headers)


def issue(quantity, sku="A", location="MAIN", since=None, **headers):
    line = {"sku": sku, "location": location, "quantity": quantity}
    body = {"to": "customer", "lines": [line], "reason_code": "r", "effective_at": since}
    return asks.ask("stock.issue", body, **headers)


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


hours = st.integers(1, 50)
costs = st.none() | st.sampled_from(["1", "2.5", "9.99"])
counts = st.sampled_from(["1", "2", "0.5"])
acts = st.one_of(
    st.tuples(st.just("receive"), counts, costs, hours),
    st.tuples(st.just("issue"), counts, hours),
    st.tuples(st.just("charge"), st.integers(0, 9)),
    st.tuples(st.just("price"), st.integers(0, 9)),
    st.tuples(st.just("method"), st.sampled_from(["fifo", "average", "standard"]), costs),
    st.tuples(st.just("kit"), st.sampled_from(["assemble", "disassemble"]), st.sampled_from("12")),
    st.tuples(st.just("ship"), counts),
    st.tuples(st.just("give_back"), st.integers(0, 9)),
    st.tuples(st.just("step")),
)
_tenants = itertools.count(1)


class Told:
    """A tenant of its own, who has A, and kits of it: K. What cannot be done is refused."""

    def __init__(self, ledger, tx):
        self.ledger, self.tx = ledger, tx
        self.tenant = f"t{next(_tenants)}"
        self.receipts, self.shipped = [], []
        for sku in ("A", "K"):
            self.ask("item.upsert", sku=sku, name="x")
        self.ask("location.upsert", code="MAIN", name="x")
        self.ask("period.set", backdaters=[ACTOR], reason="r")
        self.ask("recipe.upsert", sku="K", kind="kit", components=[{"sku": "A", "quantity": "1"}])

    def ask(self, kind, /, **body):
        """The id of what came of it, if anything did."""
        asked = asks.ask(kind, body, Tenant_Id=self.tenant)
        return (self.ledger.ask(asked)[0].record.get("resource") or {}).get("id")

    def receive(self, quantity, cost, hours_ago):
        line = {"sku": "A", "location": "MAIN", "quantity": quantity, "unit_cost": cost}
        self.receipts.append(self.ask("receipt.post", lines=[line], effective_at=moment(hours_ago)))

    def issue(self, quantity, hours_ago):
        line = {"sku": "A", "location": "MAIN", "quantity": quantity}
        said = {"to": "customer", "reason_code": "r", "effective_at": moment(hours_ago)}
        self.ask("stock.issue", lines=[line], **said)

    def charge(self, number):
        if self.receipts:
            named = {"receipt_id": self.receipts[number % len(self.receipts)], "line": 1}
            self.ask("cost.add-charge", amount="1", basis="equal", lines=[named], reason="r")

    def price(self, number):
        if self.receipts:
            named = {"receipt_id": self.receipts[number % len(self.receipts)], "line": 1}
            self.ask("cost.correct-price", **named, unit_cost="4", reason="r")

    def method(self, method, cost):
        said = {"standard_cost": cost or "3"} if method == "standard" else {}
        self.ask("cost.set-method", sku="A", method=method, **said)

    def kit(self, what, quantity):
        self.ask(f"kit.{what}", sku="K", location="MAIN", quantity=quantity)

    def ship(self, quantity):
        line = {"sku": "K", "location": "MAIN", "quantity": quantity}
        made = self.ask("reservation.create", order_id="o", lines=[line])
        if made:
            self.shipped.append(made)
            self.ask("reservation.consume", reservation_id=made, shipment_proof=asks.PROOF)

    def give_back(self, number):
        if self.shipped:
            back = {"line": 1, "quantity": "0.5", "disposition": "sellable"}
            named = self.shipped[number % len(self.shipped)]
            self.ask("return.receive", reservation_id=named, lines=[back], reason="r")

    def step(self):
        valued(self.tx)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(played=st.lists(acts, min_size=5, max_size=25))
def test_values_do_not_depend_on_when_facts_arrive(ledger, tx, played):
    """Random facts, many dated back, valued now and then; `verify` folds them anew at the end."""
    told = Told(ledger, tx)
    for what, *given_ in played:
        getattr(told, what)(*given_)
    told.step()
    assert sum((row.value for row in valuation(tx, told.tenant, NOW + timedelta(1))), 0) == 0
    proof = {check.name: check.wrong for check in ledger.proof().checks}
    names = ("values", "values made", "value facts", "costs")
    assert {name: proof[name] for name in names} == dict.fromkeys(names)
