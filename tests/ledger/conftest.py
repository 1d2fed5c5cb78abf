"""A ledger for each test, applied to without Kafka, and proved at the test's end."""

import pytest

import asks
import ledgers
from ledger.connection import connect
from ledger.valuation.step import step
from valuing import period


@pytest.fixture
def unproved_ledger(database_url):
    ledger = ledgers.Ledger(database_url).open()
    yield ledger
    ledger.close()


@pytest.fixture
def ledger(unproved_ledger):
    yield unproved_ledger
    report = unproved_ledger.proof()
    assert report.passed, "\n".join(report.lines())


def _units(ledger):
    """Units of S by their serials: promised by name, sent, shipped, lost; all on a third partition."""
    ledger.ask(asks.item("S", track_by="serial"), partition=2)
    ledger.ask(asks.take_in(asks.units("S", ("N1", "N8"))), partition=2)
    body = {"from_location": "MAIN", "to_location": "EAST", "lines": [asks.units("S", "N7", "N8")]}
    del body["lines"][0]["location"]
    ledger.ask(asks.ask("transfer.ship", body), partition=2)
    made = ledger.ask(
        asks.reserve(asks.units("S", "N1", "N2")), asks.reserve(asks.line("S", "1")), partition=2
    )
    first, second = (each.record["resource"]["id"] for each in made)
    named = [{"line": 1, "quantity": "1", "serials": ["N1"]}]
    ledger.ask(asks.consume(first, named), partition=2)
    ledger.ask(asks.consume(second, [{"line": 1, "quantity": "1", "serials": ["N3"]}]), partition=2)
    body = {"sku": "S", "location": "MAIN", "delta": "-1", "serials": ["N4"], "reason_code": "r"}
    ledger.ask(asks.ask("stock.adjust", body), partition=2)


def _mistyped(ledger):
    """A lot under a code that is not its own, put right; on a fourth partition."""
    ledger.ask(asks.item("M", track_by="batch"), partition=3)
    ledger.ask(asks.receipt(("M", "3", "X1"), expires_on="3000-01-31"), partition=3)
    ledger.ask(asks.correct("X1", "XI", "2", sku="M"), partition=3)


def _planned(ledger):
    """What two places need: of one it is accepted, of the other it stands."""
    ledger.ask(
        asks.plan("A", "fixed-quantity", reorder_point="50", quantity="7"),
        asks.plan("B", "reorder-point"),
        asks.observe("B", demand=("4", "3"), lead_time=("9", "2")),
    )
    of_a, _ = ledger.ask(asks.generate())[0].body["created"]
    ledger.ask(asks.close(of_a["recommendation_id"], "accepted"))


def _in_bins(ledger):
    """Stock that is put away, picked and held in bins; on partitions where nothing else is numbered."""
    ledger.ask(asks.item("E"), partition=3)
    bins = [
        asks.ask("bin.upsert", {"location": "MAIN", "bin": code, "capacity": "6"})
        for code in ("P", "Q")
    ]
    ledger.ask(*bins, partition=2)
    ledger.ask(asks.receipt(("E", "14", None)), partition=3)
    put = {"location": "MAIN", "lines": [{"sku": "E", "quantity": "9"}]}
    ledger.ask(asks.ask("putaway.post", put), partition=3)
    ledger.ask(asks.issue("E", "7"), partition=3)
    ledger.ask(asks.hold("E", "2", location="MAIN", bin="P"), partition=3)


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
    while not step(ledger.tx).idle:
        pass
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
    _units(ledger)
    _mistyped(ledger)
    _planned(ledger)
    _in_bins(ledger)
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
        asks.receipt(("X", "20", "X1"), ("X", "20", "X2"), ("Y", "9", None), unit_cost="2.5"),
    )
    ledger.ask(asks.recipe("Y", ("X", "1"), kind="kit"), asks.recipe("Z", ("X", "4"), ("Y", "1")))
    ledger.ask(asks.assemble("Y", "1"))
    order = ledger.ask(asks.start("Z", "2"))[0].record["resource"]["id"]
    ledger.ask(asks.use(order, ("X", "3"), wasted="2"), asks.produce(order, "1", "Z1"))
    wanted = asks.reserve(asks.line("Y", "5"), {**asks.line("Y", "1"), "by_component": True})
    sold = ledger.ask(wanted, partition=3)[0].record["resource"]["id"]
    ledger.ask(asks.consume(sold, [{"line": 1, "quantity": "5"}]), partition=3)
    ledger.ask(asks.give_in(sold, (1, "1", "quarantine")))


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
