"""Traces over real tables: forward and back agree, circles end, and a recall finds everything."""

import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

import asks
from ledger import keyed, trace
from ledger.trace import BACK, DEPTH_MAX, reached_statement, traces

LOTS = [(sku, f"{sku}{number}") for sku in "PQR" for number in (1, 2)]
_tenants = itertools.count(1)
_BACK = reached_statement("", BACK)
links = st.lists(
    st.tuples(st.sampled_from(LOTS), st.sampled_from(LOTS)).filter(lambda two: two[0] != two[1]),
    max_size=12,
    unique=True,
)


def forged(ledger, made):
    """Links of a tenant of their own."""
    tenant = f"tenant-{next(_tenants)}"
    for number, (parent, child) in enumerate(made):
        ledger.tx.execute(
            "INSERT INTO genealogy VALUES (%s, %s, %s, %s, %s, %s)",
            [tenant, f"doc-{number}", *parent, *child],
        )
    return tenant


def forward(ledger, tenant, lot):
    return trace.forward(ledger.tx, [(tenant, *lot)])[tenant, *lot]


def back(ledger, tenant, lot):
    return traces(list(keyed.rows(ledger.tx, _BACK, [(tenant, *lot)])))[tenant, *lot]


def plain(made, lot):
    """All that a lot leads to, over whatever circles, and how far each is."""
    depths, waiting = {lot: 0}, [lot]
    for each in waiting:
        for parent, child in made:
            if parent == each and child not in depths:
                depths[child] = depths[each] + 1
                waiting.append(child)
    return depths


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(made=links)
def test_what_a_lot_was_made_of_leads_back_to_it(unproved_ledger, made):
    ledger = unproved_ledger
    tenant = forged(ledger, made)
    for lot in LOTS:
        found = {(each.sku, each.lot): each.depth for each in forward(ledger, tenant, lot).lots}
        assert found == plain(made, lot)
        for parent in back(ledger, tenant, lot).lots:
            reached = forward(ledger, tenant, (parent.sku, parent.lot)).lots
            assert lot in {(each.sku, each.lot) for each in reached}


def test_one_that_is_too_long_says_so(unproved_ledger):
    chain = [("P", f"P{number}") for number in range(DEPTH_MAX + 2)]
    tenant = forged(unproved_ledger, list(itertools.pairwise(chain)))
    whole = forward(unproved_ledger, tenant, chain[2])
    assert (len(whole.lots), whole.complete) == (DEPTH_MAX, True)
    cut = forward(unproved_ledger, tenant, chain[0])
    assert (len(cut.lots), cut.complete) == (DEPTH_MAX + 1, False)


def test_stock_without_a_lot_is_reached_and_not_gone_on_from(unproved_ledger):
    tenant = forged(unproved_ledger, [(("P", "P1"), ("D", "")), (("D", ""), ("Q", "Q1"))])
    found = forward(unproved_ledger, tenant, ("P", "P1")).lots
    assert [(each.sku, each.lot) for each in found] == [("P", "P1"), ("D", "")]


@pytest.fixture
def bakery(ledger):
    """Flour F1 becomes dough D1 in one order, bread B1 in another; some is sold, some comes back."""
    ledger.ask(
        *(asks.item(sku, track_by="batch") for sku in ("FLOUR", "DOUGH", "BREAD")),
        asks.location("MAIN"),
        asks.location("EAST"),
    )
    ledger.ask(asks.receipt(("FLOUR", "50", "F1"), ("FLOUR", "50", "F2")))
    ledger.ask(asks.recipe("DOUGH", ("FLOUR", "1")), asks.recipe("BREAD", ("DOUGH", "1")))
    dough = make(ledger, "DOUGH", "20", "D1", ("FLOUR", "20"))
    make(ledger, "BREAD", "8", "B1", ("DOUGH", "9"))
    ledger.ask(asks.ship(("BREAD", "3")))
    sold = ledger.ask(asks.reserve(asks.line("BREAD", "4")))[0].record["resource"]["id"]
    ledger.ask(asks.consume(sold))
    ledger.ask(asks.give_in(sold, (1, "1", "damaged")))
    return dough


def make(ledger, sku, quantity, lot, *used):
    """An order that is still open."""
    order = ledger.ask(asks.start(sku, quantity))[0].record["resource"]["id"]
    ledger.ask(asks.use(order, *used), asks.produce(order, quantity, lot))
    return order


def test_a_recall_finds_everything_and_holds_it(ledger, bakery):
    answer = ledger.ask(asks.recall("FLOUR", "F1"))[0]
    assert [(each["lot"], each["depth"]) for each in answer.body["reached"]] == [
        ("F1", 0), ("D1", 1), ("B1", 2),
    ]  # fmt: skip
    found = [(each["lot"], each["where"], each["quantity"]) for each in answer.body["found"]]
    assert found == [
        ("F1", "on_hand", "30"),
        ("F1", "in_process", "20"),
        ("D1", "on_hand", "11"),
        ("D1", "in_process", "9"),
        ("B1", "on_hand", "1"),
        ("B1", "in_transit", "3"),
        ("B1", "shipped", "4"),
        ("B1", "returned", "1"),
    ]
    assert answer.body["found"][6]["order_id"] == "SO-1"
    refused = ledger.ask(asks.reserve(asks.line("BREAD", "1")))[0]
    assert refused.problem == "insufficient-stock"
    made = ledger.ask(asks.produce(bakery, "2", "D2"))[0]
    assert made.body["lots"][0]["status"] == "recalled", "it is made of F1 as well"


def test_a_recall_again_says_where_all_of_it_is_now(ledger, bakery):
    first = ledger.ask(asks.recall("FLOUR", "F1"))[0].body
    again = ledger.ask(asks.recall("FLOUR", "F1"))[0].body
    assert (first["found"], len(first["lots"])) == (again["found"], 3)
    assert again["lots"] == []
    assert bakery


def test_repacked_and_taken_apart_it_is_found_too(ledger):
    ledger.ask(
        *(asks.item(sku, track_by="batch") for sku in ("NUTS", "SET")), asks.location("MAIN")
    )
    ledger.ask(asks.receipt(("NUTS", "50", "N1"), expires_on="2999-01-31"))
    ledger.ask(asks.recipe("SET", ("NUTS", "2"), kind="kit"))
    ledger.ask(asks.repack("NUTS", "10", ("10", "N2")))
    ledger.ask(asks.assemble("SET", "5", lot="S1", use=[NAMED]))
    ledger.ask(asks.disassemble("SET", "1", ("NUTS", "2", "N3")))
    answer = ledger.ask(asks.recall("NUTS", "N1"))[0]
    assert [(each["lot"], each["depth"]) for each in answer.body["reached"]] == [
        ("N1", 0), ("N2", 1), ("S1", 2), ("N3", 3),
    ]  # fmt: skip
    assert answer.body["lots"][1]["expires_on"] == "2999-01-31"


NAMED = {"sku": "NUTS", "lot": "N2", "quantity": "10"}


def test_kits_by_component_are_kept_as_they_were_promised(ledger):
    ledger.ask(*(asks.item(sku) for sku in ("SET", "CASE", "PEN")), asks.location("MAIN"))
    ledger.ask(asks.receipt(("CASE", "3", None), ("PEN", "5", None)))
    ledger.ask(asks.recipe("SET", ("CASE", "1"), ("PEN", "2"), kind="kit"))
    wanted = {**asks.line("SET", "2"), "by_component": True}
    made = ledger.ask(asks.reserve(wanted))[0]
    assert made.body["kits"][0]["left"] == "2"
    named = made.record["resource"]["id"]
    part = ledger.ask(asks.consume(named, [{"line": 1, "quantity": "1"}]))[0]
    assert part.body["kits"][0]["left"] == "1"
    rest = ledger.ask(asks.release(named, [{"line": 1, "quantity": "1"}]))[0]
    assert (rest.body["status"], rest.body["kits"][0]["left"]) == ("consumed", "0")
    short = ledger.ask(asks.reserve({**wanted, "quantity": "3"}))[0].record["problem"]
    assert short["lines"][0]["limiting"] == "PEN"
