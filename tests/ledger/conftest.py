"""A ledger for each test, applied to without Kafka, and proved at the test's end."""

import pytest

import asks
from ledger.valuation.step import step


@pytest.fixture
def unproved_ledger(database_url):
    ledger = asks.Ledger(database_url).open()
    yield ledger
    ledger.close()


@pytest.fixture
def ledger(unproved_ledger):
    yield unproved_ledger
    report = unproved_ledger.proof()
    assert report.passed, "\n".join(report.lines())


@pytest.fixture
def history(unproved_ledger):
    """A little of everything: stock in lots and without, held, promised and given back; refusals."""
    ledger = unproved_ledger
    ledger.ask(asks.item("A"), asks.item("B", track_by="batch"), asks.location("MAIN"))
    ledger.ask(
        asks.record_stock("A", "10"),
        asks.record_stock("B", "5", lot="L1"),
        asks.record_stock("B", "2.5", lot="L2"),
    )
    placed = ledger.ask(
        asks.lot("L1", expires_on="2999-12-31"),
        asks.hold("A", "2"),
    )
    ledger.ask(asks.give_back(placed[1].record["resource"]["id"], "1"))
    ledger.ask(asks.item("C"), asks.location("EAST"), partition=1)
    ledger.ask(asks.record_stock("C", "3"), partition=1)
    ledger.ask(asks.receipt(("B", "1", "L3"), expires_on="3000-01-31"))
    ledger.ask(asks.issue("C", "1"), partition=1)
    shipped = ledger.ask(asks.ship(("C", "1"), ("B", "0.5")))[0].record["resource"]
    ledger.ask(asks.receive(shipped["id"], (1, "0.25")))
    made = ledger.ask(
        asks.reserve(asks.line("A", "3"), asks.line("B", "6"), key="first"),
        asks.reserve(asks.line("A", "2")),
        asks.reserve(asks.line("A", "100")),
        partition=1,
    )
    first, second = (each.record["resource"] for each in made[:2])
    ledger.ask(asks.consume(first["id"], [{"line": 2, "quantity": "5.5"}]))
    ledger.ask(asks.release(second["id"]), asks.reserve(asks.line("A", "1"), key="first"))
    ledger.apply([ledger.record([], b"{}")], "reservations")
    counted(ledger)
    made_something(ledger)
    ledger.ask(
        asks.ask("period.set", {"backdaters": ["ann"], "reason": "r"}),
        asks.ask("cost.set-method", {"sku": "A", "method": "fifo"}),
        asks.ask("cost.revalue", {"sku": "A", "location": "MAIN", "unit_cost": "2", "reason": "r"}),
    )
    with ledger.tx.transaction():
        step(ledger.tx)
    case = {"code": "case", "factor": "12", "level": 2}
    codes = [{"code": "4006381333931"}, {"code": "14006381333938", "unit": "case"}]
    ledger.ask(asks.item("D", units=[case], barcodes=codes), partition=1)
    ledger.ask(asks.receipt(("D", "2", None), unit="case"))
    ledger.ask(asks.ship(("D", "1"), unit="case"))
    ledger.ask(asks.reserve({**asks.line("D", "1"), "unit": "case"}), partition=1)
    buffers = [{"channel": "web", "quantity": "1"}]
    limits = {"backorder_limit": "4", "negative_limit": "2", "buffers": buffers}
    ledger.ask(asks.ask("policy.set", {"sku": "D", **limits}), partition=1)
    ledger.ask(asks.ask("policy.set", {"sku": "D", "location": "MAIN"}), partition=1)
    ledger.ask(asks.reserve(asks.line("D", "3")), partition=1)
    return ledger


def counted(ledger):
    """A count: stock moves before it is posted, a line is counted again, a lot is found."""
    opened = ledger.ask(asks.open_count(tolerance_quantity="0.5"))[0].record["resource"]["id"]
    ledger.ask(asks.count(opened, ledger.now(), ("C", "7", None), ("B", "1", "L7")))
    ledger.ask(asks.issue("C", "0.25"))
    ledger.ask(asks.recount(opened, 1))
    ledger.ask(asks.count(opened, ledger.now(), ("C", "2", None), ("A", "10", None)))
    ledger.ask(asks.issue("C", "0.5"))
    ledger.ask(asks.approve(opened), asks.post_count(opened))


def made_something(ledger):
    """A kit, and an order that is still open: of 5 flour, 2 of them wasted, it made one loaf."""
    ledger.ask(
        asks.item("X", track_by="batch"), asks.item("Y"), asks.item("Z", track_by="batch"),
        partition=1,
    )  # fmt: skip
    ledger.ask(
        asks.receipt(("X", "20", "X1"), ("X", "20", "X2"), ("Y", "9", None)),
    )
    ledger.ask(asks.recipe("Y", ("X", "1"), kind="kit"), asks.recipe("Z", ("X", "4"), ("Y", "1")))
    ledger.ask(asks.assemble("Y", "1"))
    order = ledger.ask(asks.start("Z", "2"))[0].record["resource"]["id"]
    ledger.ask(asks.use(order, ("X", "3"), wasted="2"), asks.produce(order, "1", "Z1"))
    sold = ledger.ask(
        asks.reserve(asks.line("Y", "5"), {**asks.line("Y", "1"), "by_component": True})
    )[0].record["resource"]["id"]
    ledger.ask(asks.consume(sold, [{"line": 1, "quantity": "5"}]))
    ledger.ask(asks.give_in(sold, (1, "1", "quarantine")))
