"""Kits promised by their components: whole kits only, given back and shipped as kits or as parts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import paper
from schemas.base import shown
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ReleaseReservation,
    WantedLine,
)
from workshop import SCHOOL, component, recipe, stock, workshop

PROOF = {"carrier": "DHL", "tracking": "T-1", "shipped_at": paper.NOW}


def line(sku, quantity, **fields):
    return {"sku": sku, "location": "MAIN", "quantity": quantity, **fields}


def sets(quantity):
    return line("SET", quantity, by_component=True)


def reserve(*lines, **fields):
    return CreateReservation(order_id="SO-1", lines=list(lines), **fields)


def ship(*parts):
    named = [{"line": number, "quantity": quantity} for number, quantity in parts]
    return ConsumeReservation(reservation_id="rsv-1", shipment_proof=PROOF, lines=named or None)


def release(*parts):
    named = [{"line": number, "quantity": quantity} for number, quantity in parts]
    return ReleaseReservation(reservation_id="rsv-1", reason="r", lines=named or None)


CASES = [
    (reserve(sets("2")), 201, None),
    (reserve(sets("3")), 409, "insufficient-stock"),
    (reserve(sets("1"), sets("1")), 201, None),
    (reserve(sets("2"), sets("1")), 409, "insufficient-stock"),
    (reserve(line("ERASER", "1"), sets("2")), 409, "insufficient-stock"),
    (reserve(sets("1.5")), 422, "whole-units"),
    (reserve(line("CASE", "1", by_component=True)), 404, "unknown-recipe"),
    (reserve(line("SET", "1")), 409, "insufficient-stock"),  # none is put together
]


@pytest.mark.parametrize(("command", "code", "refused"), CASES)
def test_kits_are_promised_by_what_they_are_made_of(command, code, refused):
    outcome = paper.decided(command, workshop(*SCHOOL))
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)


def test_the_refusal_names_what_limits():
    outcome = paper.decided(reserve(sets("3")), workshop(*SCHOOL))
    (told,) = outcome.problem["lines"]
    assert (told["sku"], told["available"], told["limiting"]) == ("SET", "2", "ERASER")


def test_a_part_is_whole_kits():
    over = workshop(*SCHOOL)
    outcome = paper.kept(reserve(sets("3"), line("CASE", "1"), allow_partial=True), over, "1")
    assert outcome.body["kits"] == [
        {"line": 1, "sku": "SET", "location": "MAIN", "quantity": "3", "left": "2", "parts": [3, 4, 5]}
    ]  # fmt: skip
    assert [(each["line"], each["sku"], each["reserved"]) for each in outcome.body["lines"]] == [
        (3, "CASE", "2"), (4, "PENCIL", "4"), (5, "ERASER", "2"), (2, "CASE", "1"),
    ]  # fmt: skip
    assert stock(over, "PENCIL") == ("6", "4")


def test_kits_are_shipped_and_given_back_by_the_kit():
    over = workshop(*SCHOOL)
    paper.kept(reserve(sets("2")), over, "1")
    assert paper.refusal(paper.decided(ship((1, "3")), over)) == "reservation-holds-less"
    assert paper.refusal(paper.decided(ship((1, "0.5")), over)) == "reservation-holds-less"
    one = paper.kept(ship((1, "1")), over, "2")
    assert [(each.sku, str(each.quantity)) for each in one.movements] == [
        ("CASE", "1"), ("PENCIL", "2"), ("ERASER", "1"),
    ]  # fmt: skip
    assert one.body["kits"][0]["left"] == "1"
    other = paper.kept(release((1, "1")), over, "3")
    assert (other.body["status"], other.body["kits"][0]["left"]) == ("consumed", "0")
    assert stock(over, "PENCIL") == ("4", "0")


def test_components_can_be_shipped_by_themselves():
    over = workshop(*SCHOOL)
    paper.kept(reserve(sets("2")), over, "1")
    paper.kept(ship((3, "1")), over, "2")  # a pencil ahead
    rest = paper.kept(ship((1, "2")), over, "3")
    assert [(each.sku, str(each.quantity)) for each in rest.movements] == [
        ("CASE", "2"), ("PENCIL", "3"), ("ERASER", "2"),
    ]  # fmt: skip
    assert rest.body["status"] == "consumed"


def test_a_kit_line_names_no_lot():
    with pytest.raises(ValidationError, match="no lot of the kit"):
        WantedLine(sku="S", location="MAIN", quantity="1", lot="L", by_component=True)


@given(
    each=st.decimals("0.1", "5", places=1),
    multiple=st.none() | st.just("7"),
    steps=st.lists(st.integers(1, 4), min_size=1, max_size=4),
)
def test_kits_shipped_one_by_one_come_to_all_that_was_promised(each, multiple, steps):
    over = workshop(("PENCIL", "", "1000"))
    kit = recipe("SET", (component("PENCIL", str(each), "0.1", "0.3", multiple),))
    over.recipes[kit.key] = kit
    paper.kept(reserve(sets(str(sum(steps)))), over, "1")
    promised = Decimal(stock(over, "PENCIL")[1])
    for number, count in enumerate(steps, 2):
        last = paper.kept(ship((1, str(count))), over, str(number))
    assert (last.body["status"], last.body["kits"][0]["left"]) == ("consumed", "0")
    assert stock(over, "PENCIL") == (shown(1000 - promised), "0")
