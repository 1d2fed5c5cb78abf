"""Kits: put together of what is available, all or none, and taken apart again."""

from datetime import date
from decimal import Decimal

import pytest

import paper
from asks import TENANT
from schemas.commands.kits import AssembleKit, DisassembleKit
from workshop import BAKERY, SCHOOL, component, moves, recipe, stock, workshop


def assemble(quantity, sku="SET", **fields):
    return AssembleKit(sku=sku, location="MAIN", quantity=quantity, **fields)


def disassemble(quantity, *components, sku="SET", **fields):
    return DisassembleKit(
        sku=sku, location="MAIN", quantity=quantity, components=list(components) or None, **fields
    )


def bakery():
    """BREAD is a kit here, of 2 flour and some salt."""
    over = workshop(*BAKERY, ("BREAD", "B1", "0"))
    kit = recipe("BREAD", (component("FLOUR", "2"), component("SALT", "0.1")))
    over.recipes[kit.key] = kit
    return over


ASSEMBLED = [
    (assemble("2"), 201, None),
    (assemble("3"), 409, "insufficient-stock"),
    (assemble("1.5"), 422, "whole-units"),
    (assemble("1", "BENCH"), 422, "serial-rule"),
    (assemble("1", "CASE"), 404, "unknown-recipe"),
    (assemble("1", "BREAD"), 404, "unknown-recipe"),  # made by an order, not put together
    (assemble("1", "NONE"), 422, "unknown-item"),
    (assemble("1", lot="S1"), 422, "lot-rule"),
    (assemble("1", use=[{"sku": "GLUE", "lot": "G", "quantity": "1"}]), 422, "component-rule"),
    (assemble("1", use=[{"sku": "CASE", "lot": "C", "quantity": "2"}]), 422, "component-rule"),
]


@pytest.mark.parametrize(("command", "code", "refused"), ASSEMBLED)
def test_kits_are_put_together_of_what_is_available(command, code, refused):
    over = workshop(*SCHOOL)
    over.items[TENANT, "BENCH"] = over.items[TENANT, "SET"]._replace(sku="BENCH")
    bench = recipe("BENCH", (component("CASE", "1"), component("SAW", "1")))
    over.recipes[bench.key] = bench
    outcome = paper.decided(command, over)
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_the_refusal_names_what_limits_and_how_many_can_be_made():
    outcome = paper.decided(assemble("3"), workshop(*SCHOOL))
    told = outcome.problem
    assert (told["buildable"], told["limiting"]) == (2, "ERASER")
    assert [(line["sku"], line["requested"], line["available"]) for line in told["lines"]] == [
        ("ERASER", "3", "2")
    ]


def test_two_sets_take_what_two_sets_take():
    over = workshop(*SCHOOL)
    outcome = paper.kept(assemble("2"), over, "1")
    assert moves(outcome) == [
        ("CASE", "", "MAIN", "@production", "2"),
        ("PENCIL", "", "MAIN", "@production", "4"),
        ("ERASER", "", "MAIN", "@production", "2"),
        ("SET", "", "@production", "MAIN", "2"),
    ]
    assert {each.document for each in outcome.movements} == {"kit-1"}
    assert [stock(over, sku)[0] for sku in ("SET", "CASE", "PENCIL", "ERASER")] == list("2120")
    links = [each for each in outcome.documents if hasattr(each, "parent_sku")]
    assert sorted(each.parent_sku for each in links) == ["CASE", "ERASER", "PENCIL"]
    assert {(each.child_sku, each.child_lot) for each in links} == {("SET", "")}


def test_components_go_first_expired_first_unless_a_lot_is_named():
    over = bakery()
    first = paper.decided(assemble("4", "BREAD", lot="B1"), over)
    assert moves(first)[:2] == [
        ("FLOUR", "F1", "MAIN", "@production", "6"),
        ("FLOUR", "F2", "MAIN", "@production", "2"),
    ]
    named = [{"sku": "FLOUR", "lot": "F2", "quantity": "3"}]
    second = paper.decided(assemble("4", "BREAD", lot="B1", use=named), over)
    assert moves(second)[:2] == [
        ("FLOUR", "F2", "MAIN", "@production", "3"),
        ("FLOUR", "F1", "MAIN", "@production", "5"),
    ]
    recalled = [{"sku": "FLOUR", "lot": "F0", "quantity": "3"}]
    third = paper.decided(assemble("4", "BREAD", lot="B1", use=recalled), over)
    assert paper.refusal(third) == "insufficient-stock"


def test_a_kit_of_lots_has_a_lot_and_its_dates():
    over = bakery()
    day = date(2027, 3, 1)
    assert paper.refusal(paper.decided(assemble("1", "BREAD"), over)) == "lot-rule"
    made = paper.kept(assemble("1", "BREAD", lot="B1", expires_on=day), over, "1")
    assert made.body["lots"][0]["expires_on"] == "2027-03-01"
    assert over.lots[TENANT, "BREAD", "B1"].expires_on == day
    assert [each.type for each in made.events] == [
        "kit.assembled", "lot.described", "genealogy.linked",
    ]  # fmt: skip
    other = assemble("1", "BREAD", lot="B1", expires_on=date(2028, 3, 1))
    assert paper.refusal(paper.decided(other, over)) == "lot-dates-differ"


def test_a_kit_taken_apart_is_what_it_was():
    over = workshop(*SCHOOL)
    before = [stock(over, sku) for sku, _, _ in SCHOOL]
    paper.kept(assemble("2"), over, "1")
    outcome = paper.kept(disassemble("2"), over, "2")
    assert [stock(over, sku) for sku, _, _ in SCHOOL] == before
    links = [each for each in outcome.documents if hasattr(each, "parent_sku")]
    assert {each.parent_sku for each in links} == {"SET"}


def out(sku, quantity, scrapped="0", **fields):
    return {"sku": sku, "quantity": quantity, "scrapped": scrapped, **fields}


APART = [
    (disassemble("2", out("PENCIL", "3", "1"), out("CASE", "2")), 201, None),
    (disassemble("3"), 409, "insufficient-stock"),
    (disassemble("1", out("PENCIL", "3")), 422, "component-rule"),
    (disassemble("1", out("PENCIL", "1.5", "0.6")), 422, "component-rule"),
    (disassemble("1", out("GLUE", "1")), 422, "component-rule"),
    (disassemble("1", out("PENCIL", "1", lot="P")), 422, "lot-rule"),
    (disassemble("1", lot="S1"), 422, "lot-rule"),
]


@pytest.mark.parametrize(("command", "code", "refused"), APART)
def test_no_more_comes_out_of_a_kit_than_went_in(command, code, refused):
    over = workshop(*SCHOOL)
    paper.kept(assemble("2"), over, "1")
    outcome = paper.decided(command, over)
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if code == 201:
        assert moves(outcome)[-1] == ("PENCIL", "", "@production", "@scrap", "1")


def test_components_by_lot_come_out_by_lot():
    over = bakery()
    paper.kept(assemble("1", "BREAD", lot="B1"), over, "1")
    assert paper.refusal(paper.decided(disassemble("1", sku="BREAD"), over)) == "lot-rule"
    parts = (out("FLOUR", "2", lot="F1"), out("SALT", "0.1"))
    outcome = paper.kept(disassemble("1", *parts, sku="BREAD"), over, "2")
    assert stock(over, "FLOUR", "F1") == (str(Decimal(6)), "0")
    assert outcome.body["kits"] == [{"lot": "B1", "quantity": "1"}]
