"""Production: an order reserves, uses, wastes and makes; what it does not use is free again."""

from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from schemas.commands.production import (
    CancelProduction,
    CompleteProduction,
    ConsumeProduction,
    ProduceProduction,
    StartProduction,
)
from schemas.commands.recipes import UpsertRecipe
from workshop import BAKERY, moves, stock, workshop


def start(quantity="40", **fields):
    return StartProduction(sku="BREAD", location="MAIN", quantity=quantity, **fields)


def used(sku, quantity="0", wasted="0", **fields):
    return {"sku": sku, "quantity": quantity, "wasted": wasted, **fields}


def consume(*lines, order="prd-1"):
    return ConsumeProduction(production_id=order, lines=list(lines))


def produce(quantity, lot="B1", **fields):
    return ProduceProduction(
        production_id="prd-1", lines=[{"quantity": quantity, "lot": lot, **fields}]
    )


COMPLETE = CompleteProduction(production_id="prd-1")
CANCEL = CancelProduction(production_id="prd-1", reason="oven is cold")


def bakery(quantity="40"):
    """An order for 40 loaves: 22 flour (20 and a tenth more), 0.4 salt."""
    over = workshop(*BAKERY, ("BREAD", "B0", "0"))
    paper.kept(start(quantity), over, "1")
    return over


STARTED = [
    (start("40"), 201, None),
    (start("48"), 409, "insufficient-stock"),  # 26.4 flour, 26 usable
    (start("48", allow_partial=True), 201, None),
    (StartProduction(sku="SALT", location="MAIN", quantity="1"), 404, "unknown-recipe"),
    (StartProduction(sku="NONE", location="MAIN", quantity="1"), 422, "unknown-item"),
    (StartProduction(sku="BREAD", location="X", quantity="1"), 422, "unknown-location"),
]


@pytest.mark.parametrize(("command", "code", "refused"), STARTED)
def test_an_order_begins_with_what_it_needs(command, code, refused):
    over = workshop(*BAKERY)
    outcome = paper.decided(command, over)
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if refused == "insufficient-stock":
        assert (outcome.problem["buildable"], outcome.problem["limiting"]) == (47, "FLOUR")


def test_what_it_needs_is_reserved_first_expired_first():
    over = bakery()
    assert stock(over, "FLOUR", "F1") == ("6", "6")
    assert stock(over, "FLOUR", "F2") == ("20", "16")
    assert stock(over, "SALT") == ("1", "0.4")
    assert stock(over, "FLOUR", "F0") == ("50", "0")


def test_it_uses_what_is_reserved_and_then_what_is_available():
    over = bakery()
    outcome = paper.kept(consume(used("FLOUR", "20", "3"), used("SALT", "0.5")), over, "2")
    assert moves(outcome) == [
        ("FLOUR", "F1", "MAIN", "@production", "6"),
        ("FLOUR", "F2", "MAIN", "@production", "14"),
        ("SALT", "", "MAIN", "@production", "0.4"),
        ("SALT", "", "MAIN", "@production", "0.1"),
        ("FLOUR", "F2", "MAIN", "@scrap", "2"),
        ("FLOUR", "F2", "MAIN", "@scrap", "1"),
    ]
    assert {each.document for each in outcome.movements} == {"prd-1"}
    assert stock(over, "FLOUR", "F1") == ("0", "0")
    assert stock(over, "FLOUR", "F2") == ("3", "0")
    assert stock(over, "SALT") == ("0.5", "0")
    inputs = {
        (each["sku"], each["lot"]): (each["drawn"], each["used"], each["wasted"])
        for each in outcome.body["inputs"]
    }
    assert inputs == {
        ("FLOUR", "F1"): ("6", "6", "0"),
        ("FLOUR", "F2"): ("16", "14", "3"),
        ("SALT", None): ("0.4", "0.5", "0"),
    }


CONSUMED = [
    (consume(used("FLOUR", "26")), 200, None),
    (consume(used("FLOUR", "26.5")), 409, "insufficient-stock"),
    (consume(used("FLOUR", "20"), used("FLOUR", "7")), 409, "insufficient-stock"),
    (consume(used("FLOUR", "20", lot="F2")), 200, None),
    (consume(used("FLOUR", "1", lot="F0")), 409, "lot-unusable"),
    (consume(used("FLOUR", wasted="1", lot="F0")), 200, None),
    (consume(used("CASE", "1")), 422, "component-rule"),
    (consume(used("SALT", "1", lot="S")), 422, "lot-rule"),
    (consume(used("SALT", "1"), order="prd-9"), 404, "unknown-production"),
]


@pytest.mark.parametrize(("command", "code", "refused"), CONSUMED)
def test_only_what_there_is_can_be_used(command, code, refused):
    outcome = paper.decided(command, bakery())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_a_line_uses_something():
    with pytest.raises(ValidationError, match="must use or waste something"):
        consume(used("SALT"))


def test_a_reserved_lot_that_was_recalled_since_is_passed_over():
    over = bakery()
    known = over.lots[TENANT, "FLOUR", "F1"]
    over.lots[TENANT, "FLOUR", "F1"] = known._replace(status="recalled")
    outcome = paper.decided(consume(used("FLOUR", "20")), over)
    assert [(lot, quantity) for _, lot, _, _, quantity in moves(outcome)] == [
        ("F2", "16"), ("F2", "4"),
    ]  # fmt: skip


def test_it_makes_something_as_often_as_it_likes():
    over = bakery()
    paper.kept(consume(used("FLOUR", "20")), over, "2")
    first = paper.kept(produce("15"), over, "3")
    assert moves(first) == [("BREAD", "B1", "@production", "MAIN", "15")]
    assert [each.type for each in first.events] == ["production.produced", "genealogy.linked"]
    again = paper.kept(produce("10"), over, "4")
    assert [each.type for each in again.events] == ["production.produced"]
    other = paper.kept(produce("14", "B2", expires_on=date(2026, 12, 1)), over, "5")
    assert other.body["outputs"] == [
        {"lot": "B1", "quantity": "25"},
        {"lot": "B2", "quantity": "14"},
    ]
    assert stock(over, "BREAD", "B1") == ("25", "0")
    links = {(each.parent_lot, each.child_lot) for each in over.links.values()}
    assert links == {("F1", "B1"), ("F2", "B1"), ("F1", "B2"), ("F2", "B2")}


def test_what_is_used_later_is_a_parent_of_what_was_made_before():
    over = bakery()
    paper.kept(produce("15"), over, "2")
    assert not over.links
    paper.kept(consume(used("SALT", "0.1")), over, "3")
    assert {(each.parent_sku, each.child_lot) for each in over.links.values()} == {("SALT", "B1")}
    assert "genealogy.linked" not in {
        each.type for each in paper.kept(consume(used("SALT", "0.1")), over, "4").events
    }


def test_what_is_made_of_a_recalled_lot_is_recalled():
    over = bakery()
    paper.kept(consume(used("FLOUR", "20")), over, "2")
    known = over.lots[TENANT, "FLOUR", "F2"] = over.lots[TENANT, "FLOUR", "F0"]._replace(lot="F2")
    assert known.status == "recalled"
    outcome = paper.kept(produce("15"), over, "3")
    bread = over.lots[TENANT, "BREAD", "B1"]
    assert (bread.status, bread.reason) == (
        "recalled", "made of lot F2 of FLOUR, which is recalled",
    )  # fmt: skip
    assert "lot.status.set" in {each.type for each in outcome.events}


def test_its_end_frees_what_is_left_and_says_how_it_went():
    over = bakery()
    paper.kept(consume(used("FLOUR", "19", "1"), used("SALT", "0.3")), over, "2")
    paper.kept(produce("35"), over, "3")
    outcome = paper.kept(COMPLETE, over, "4")
    assert outcome.body["status"] == "completed"
    assert stock(over, "FLOUR", "F2") == ("6", "0")
    assert stock(over, "SALT") == ("0.7", "0")
    told = {each["sku"]: each for each in outcome.body["variances"]}
    assert told["FLOUR"] == {
        "sku": "FLOUR", "expected": "19.25", "used": "19", "wasted": "1", "difference": "0.75",
    }  # fmt: skip
    assert told["SALT"]["difference"] == "-0.05"
    for command in (COMPLETE, CANCEL, produce("1"), consume(used("SALT", "0.1"))):
        assert paper.refusal(paper.decided(command, over)) == "production-not-open"


def test_an_order_that_made_nothing_can_be_given_up():
    over = bakery()
    paper.kept(consume(used("FLOUR", "19", "1")), over, "2")
    outcome = paper.kept(CANCEL, over, "3")
    assert moves(outcome) == [
        ("FLOUR", "F1", "@production", "MAIN", "6"),
        ("FLOUR", "F2", "@production", "MAIN", "13"),
    ]
    assert stock(over, "FLOUR", "F1") == ("6", "0")
    assert stock(over, "FLOUR", "F2") == ("19", "0")
    assert stock(over, "SALT") == ("1", "0")


def test_an_order_that_made_something_cannot():
    over = bakery()
    paper.kept(produce("1"), over, "2")
    assert paper.refusal(paper.decided(CANCEL, over)) == "production-has-made"


def test_an_open_order_keeps_the_recipe_that_it_began_with():
    over = bakery()
    paper.kept(UpsertRecipe(sku="BREAD", components=[{"sku": "SALT", "quantity": "9"}]), over, "2")
    outcome = paper.kept(consume(used("FLOUR", "1")), over, "3")
    assert outcome.body["recipe_version"] == 1
    assert outcome.body["components"][0]["quantity"] == "5"


def test_lots_can_be_named_at_the_start():
    over = workshop(*BAKERY)
    named = [{"sku": "FLOUR", "lot": "F2", "quantity": Decimal(20)}]
    outcome = paper.decided(start("40", use=named), over)
    assert [(each["lot"], each["reserved"]) for each in outcome.body["inputs"]] == [
        ("F2", "20"), ("F1", "2"), (None, "0.4"),
    ]  # fmt: skip
