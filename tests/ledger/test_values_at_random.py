"""However facts arrive on a real ledger, values are those of their order in time."""

import itertools
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

import asks
from ledger.valuation import step as steps
from ledger.valuation.as_of import valuation
from valuing import ACTOR, NOW, moment, valued

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
    st.tuples(st.just("use"), counts),
    st.tuples(st.just("produce"), counts),
    st.tuples(st.just("ship"), counts),
    st.tuples(st.just("give_back"), st.integers(0, 9)),
    st.tuples(st.just("step")),
)
_tenants = itertools.count(1)


class Told:
    """A tenant of its own, who has A, kits of it: K, and an order for P. What cannot be done is refused."""

    def __init__(self, ledger, tx):
        self.ledger, self.tx = ledger, tx
        self.tenant = f"t{next(_tenants)}"
        self.receipts, self.shipped = [], []
        for sku in ("A", "K", "P"):
            self.ask("item.upsert", sku=sku, name="x")
        self.ask("location.upsert", code="MAIN", name="x")
        self.ask("period.set", backdaters=[ACTOR], reason="r")
        components = [{"sku": "A", "quantity": "1"}]
        self.ask("recipe.upsert", sku="K", kind="kit", components=components)
        self.ask("recipe.upsert", sku="P", kind="production", components=components)
        self.order = None

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

    def use(self, quantity):
        asked = {"sku": "P", "location": "MAIN", "quantity": "5", "allow_partial": True}
        self.order = self.order or self.ask("production.start", **asked)
        if self.order:
            lines = [{"sku": "A", "quantity": quantity}]
            self.ask("production.consume", production_id=self.order, lines=lines)

    def produce(self, quantity):
        if self.order:
            lines = [{"quantity": quantity}]
            self.ask("production.produce", production_id=self.order, lines=lines)

    def ship(self, quantity):
        sku = "P" if self.order else "K"
        line = {"sku": sku, "location": "MAIN", "quantity": quantity}
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


ANEW = """
INSERT INTO value_wait SELECT tenant_id, sku, '0001-01-01 00:00:00+00', 0, 0, 0, 0 FROM value_item
WHERE tenant_id = %s
"""


def _entries(tx):
    return tx.execute("SELECT count(*) FROM value_entry").fetchone()[0]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(played=st.lists(acts, min_size=5, max_size=25))
def test_values_do_not_depend_on_when_facts_arrive(ledger, tx, monkeypatch, played):
    """Random facts, many dated back, valued now and then; `verify` folds them anew at the end."""
    for name, few in (("FACTS", 4), ("FACTS_EACH", 2), ("CHECKPOINT_FACTS", 3)):
        monkeypatch.setattr(steps, name, few)
    told = Told(ledger, tx)
    for what, *given_ in played:
        getattr(told, what)(*given_)
    told.step()
    entries = _entries(tx)
    tx.execute(ANEW, [told.tenant])
    told.step()
    assert _entries(tx) == entries, "valued anew from the first fact, they are what they were"
    assert sum((row.value for row in valuation(tx, told.tenant, NOW + timedelta(1))), 0) == 0
    proof = {check.name: check.wrong for check in ledger.proof().checks}
    names = ("values", "values made", "value facts", "costs")
    assert {name: proof[name] for name in names} == dict.fromkeys(names)
