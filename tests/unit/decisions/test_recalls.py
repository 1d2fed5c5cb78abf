"""Recalls: a lot and all that was made of it is used no more, and is found wherever it is."""

from decimal import Decimal

import pytest

import paper
from asks import TENANT
from ledger.tracing import RECALLED_MAX, Passage, Reached, Trace
from schemas.commands.issues import IssueStock
from schemas.commands.recalls import RecallLot
from schemas.commands.reservations import CreateReservation
from workshop import BAKERY, workshop

RECALL = RecallLot(sku="FLOUR", lot="F2", reason="glass in it")


def passage(sku, lot, ends, quantity, document, **more):
    return Passage(sku, lot, *ends, document, "r", Decimal(quantity), **more)


def bakery():
    """Of F2, 20 are here and 4 under way; 2 are in the oven, 3 are bread B1 that SO-1 has."""
    over = workshop(*BAKERY, ("BREAD", "B1", "5"))
    over.traces[TENANT, "FLOUR", "F2"] = Trace(
        (
            Reached("FLOUR", "F2", 0),
            Reached("BREAD", "B1", 1),
            Reached("GLUE", "", 1),
        )
    )
    flour, bread = (TENANT, "FLOUR", "F2"), (TENANT, "BREAD", "B1")
    over.passages[flour] = [
        passage("FLOUR", "F2", ("@vendor", "MAIN"), "40", "rcp-1"),
        passage("FLOUR", "F2", ("MAIN", "@transit"), "6", "trf-1"),
        passage("FLOUR", "F2", ("@transit", "EAST"), "2", "trf-1"),
        passage("FLOUR", "F2", ("MAIN", "@production"), "2", "prd-2", open_order=True),
        passage("FLOUR", "F2", ("MAIN", "@production"), "9", "prd-1"),
        passage("FLOUR", "F2", ("MAIN", "@scrap"), "1", "prd-1"),
    ]
    over.passages[bread] = [
        passage("BREAD", "B1", ("@production", "MAIN"), "9", "prd-1"),
        passage("BREAD", "B1", ("MAIN", "@customer"), "4", "rsv-1", order_id="SO-1"),
        passage("BREAD", "B1", ("@customer", "@scrap"), "1", "rsv-1", order_id="SO-1"),
    ]
    return over


def found(outcome):
    return [
        (each["sku"], each["where"], each["quantity"], each["location"] or each["document"])
        for each in outcome.body["found"]
    ]


def test_it_is_found_wherever_it_is():
    outcome = paper.decided(RECALL, bakery())
    assert found(outcome) == [
        ("FLOUR", "on_hand", "20", "MAIN"),
        ("FLOUR", "in_transit", "4", "trf-1"),
        ("FLOUR", "in_process", "2", "prd-2"),
        ("FLOUR", "written_off", "1", "prd-1"),
        ("BREAD", "on_hand", "5", "MAIN"),
        ("BREAD", "shipped", "4", "rsv-1"),
        ("BREAD", "returned", "1", "rsv-1"),
    ]
    assert outcome.body["found"][5]["order_id"] == "SO-1"
    assert outcome.body["totals"][1] == {
        "sku": "BREAD", "lot": "B1", "on_hand": "5", "in_transit": "0", "in_process": "0",
        "shipped": "4", "returned": "1", "written_off": "0",
    }  # fmt: skip
    assert outcome.body["reached"][-1] == {"sku": "GLUE", "lot": None, "depth": 1}
    assert outcome.body["complete"]


def test_what_was_made_of_it_is_recalled_with_it():
    over = bakery()
    outcome = paper.kept(RECALL, over, "1")
    assert [each.type for each in outcome.events] == [
        "lot.recalled", "lot.status.set", "lot.status.set",
    ]  # fmt: skip
    lots = [over.lots[TENANT, "FLOUR", "F2"], over.lots[TENANT, "BREAD", "B1"]]
    assert [(each.status, each.reason) for each in lots] == [
        ("recalled", "glass in it"),
        ("recalled", "made of lot F2 of FLOUR, which is recalled"),
    ]
    wanted = [{"sku": "BREAD", "location": "MAIN", "quantity": "1"}]
    refused = paper.decided(CreateReservation(order_id="SO-2", lines=wanted), over)
    assert paper.refusal(refused) == "insufficient-stock"


def test_again_it_changes_nothing_and_finds_all():
    over = bakery()
    first = paper.kept(RECALL, over, "1")
    again = paper.kept(RECALL, over, "2")
    assert again.documents == ()
    assert [each.type for each in again.events] == ["lot.recalled"]
    assert found(again) == found(first)


def test_what_leaves_in_the_same_batch_is_found_too():
    over = bakery()
    line = {"sku": "BREAD", "location": "MAIN", "quantity": "2", "lot": "B1"}
    paper.kept(IssueStock(to="customer", lines=[line], reason_code="sold"), over, "1")
    shipped = [each for each in found(paper.decided(RECALL, over)) if each[1] == "shipped"]
    assert shipped == [("BREAD", "shipped", "4", "rsv-1"), ("BREAD", "shipped", "2", "stock-1")]


CASES = [
    (RecallLot(sku="FLOUR", lot="F1", reason="r"), 200, None),
    (RecallLot(sku="FLOUR", lot="F9", reason="r"), 404, "unknown-lot"),
    (RecallLot(sku="SALT", lot="S", reason="r"), 422, "lot-rule"),
    (RecallLot(sku="NONE", lot="S", reason="r"), 422, "unknown-item"),
]


@pytest.mark.parametrize(("command", "code", "refused"), CASES)
def test_what_there_is_can_be_recalled(command, code, refused):
    outcome = paper.decided(command, bakery())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_one_that_reaches_too_far_goes_on_when_it_is_asked_again():
    over = bakery()
    root = (TENANT, "FLOUR", "F2")
    reached = [Reached("FLOUR", "F2", 0)]
    reached += [Reached("BREAD", f"B{n}", 1) for n in range(RECALLED_MAX + 9)]
    over.traces[root] = Trace(tuple(reached))
    first = paper.kept(RECALL, over, "1")
    assert (len(first.body["lots"]), first.body["complete"]) == (RECALLED_MAX, False)
    over.traces[root] = Trace(
        tuple(each._replace(recalled=(TENANT, each.sku, each.lot) in over.lots) for each in reached)
    )
    second = paper.kept(RECALL, over, "2")
    assert (len(second.body["lots"]), second.body["complete"]) == (10, True)


def test_what_a_message_cannot_hold_is_counted():
    over = bakery()
    over.passages[TENANT, "BREAD", "B1"] = [
        passage("BREAD", "B1", ("MAIN", "@customer"), "1", f"rsv-{n}", order_id="SO")
        for n in range(2000)
    ]
    body = paper.decided(RECALL, over).body
    assert (len(body["found"]), body["found_in_all"]) == (1000, 2005)
    assert body["totals"][1]["shipped"] == "2000"
