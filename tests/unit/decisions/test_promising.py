"""Whole packs, and lines that are split over locations: only whole multiples, in their order."""

from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.documents import Unit
from ledger.level import Level, LevelKey
from schemas.commands.reservations import CreateReservation


def shop(**stock):
    """Quantities of A by location, or of B's lots at MAIN: `L1`; packs of 6, boxes of 8."""
    over = paper.book()
    units = (Unit("pack", Decimal(6), 1), Unit("box", Decimal(8), 2), Unit("two", Decimal(2), 1))
    for sku in ("A", "B"):
        over.items[TENANT, sku] = over.items[TENANT, sku]._replace(units=units)
    for code in ("NORTH", "WEST"):
        over.locations[TENANT, code] = over.locations[TENANT, "MAIN"]._replace(code=code)
    for name, quantity in stock.items():
        key = ("B", "MAIN", name) if name.startswith("L") else ("A", name, "")
        over.enter([Level(LevelKey(TENANT, *key), on_hand=Decimal(quantity), version=1)])
    return over


def reserve(quantity, unit=None, *, partly=True, sku="A", **fields):
    wanted = {"sku": sku, "location": "MAIN", "quantity": quantity, "unit": unit, **fields}
    return CreateReservation(order_id="SO-1", lines=[wanted], allow_partial=partly)


def granted(outcome):
    lines = outcome.body["lines"]
    return [(each["location"], each["lot"], each["reserved"]) for each in lines]


PACKS = [
    # what lies there, what is wanted, and what is promised of it
    ({"MAIN": 10}, reserve("2", "pack", whole_packs=True), [("MAIN", None, "6")]),
    ({"MAIN": 15}, reserve("2", "box", whole_packs=True), [("MAIN", None, "8")]),
    ({"MAIN": 10}, reserve("2", "pack"), [("MAIN", None, "10")]),
    ({"MAIN": 12}, reserve("2", "pack", whole_packs=True), [("MAIN", None, "12")]),
    ({"MAIN": 5}, reserve("1", "pack", whole_packs=True), None),
    (
        {"L1": 10, "L2": 9},
        reserve("3", "pack", whole_packs=True, sku="B"),
        [("MAIN", "L2", "6"), ("MAIN", "L1", "6")],
    ),
    (
        {"L1": 10, "L2": 5},
        reserve("2", "pack", whole_packs=True, sku="B"),
        [("MAIN", "L1", "6")],
    ),
    (
        {"MAIN": 10, "EAST": 7},
        reserve("2", "pack", whole_packs=True, split=True),
        [("MAIN", None, "6"), ("EAST", None, "6")],
    ),
    (
        {"MAIN": 5, "EAST": 5, "WEST": 13},
        reserve("2", "pack", whole_packs=True, split=True),
        [("WEST", None, "12")],
    ),
]


@pytest.mark.parametrize(("stock", "command", "promised"), PACKS)
def test_of_each_place_and_lot_whole_packs_go(stock, command, promised):
    outcome = paper.decided(command, shop(**stock))
    assert (outcome.code == 201) == (promised is not None)
    if promised is not None:
        assert granted(outcome) == promised


def test_a_lot_with_less_than_a_pack_is_passed_over_and_named():
    over = shop(L1=10, L2=5)
    outcome = paper.decided(reserve("2", "pack", sku="B", whole_packs=True, partly=False), over)
    assert outcome.problem["lines"][0]["passed"] == [{"lot": "L2", "because": "less-than-a-pack"}]
    body = paper.decided(reserve("1", "pack", sku="B", whole_packs=True), over).body
    assert body["choices"] == [
        {"line": 1, "order": ["L1"], "passed": [{"lot": "L2", "because": "less-than-a-pack"}]}
    ]


SPLITS = [
    (reserve("9", split=True), [("MAIN", None, "4"), ("EAST", None, "3"), ("NORTH", None, "2")]),
    (reserve("9", other_locations=["NORTH"]), [("MAIN", None, "4"), ("NORTH", None, "5")]),
    (
        reserve("9", other_locations=["NORTH", "EAST"]),
        [("MAIN", None, "4"), ("NORTH", None, "5")],
    ),
    (reserve("4", split=True), [("MAIN", None, "4")]),
    (reserve("20", split=True), [("MAIN", None, "4"), ("EAST", None, "3"), ("NORTH", None, "6")]),
    (reserve("20", split=True, partly=False), 409),
    (reserve("5", other_locations=["WEST"], partly=False), 409),
    (reserve("5", other_locations=["NOWHERE"]), 422),
]


@pytest.mark.parametrize(("command", "promised"), SPLITS)
def test_the_rest_of_a_line_comes_from_other_places(command, promised):
    outcome = paper.decided(command, shop(MAIN=4, EAST=3, NORTH=6))
    if isinstance(promised, int):
        assert outcome.code == promised
    else:
        assert granted(outcome) == promised
        assert {each.location for each in outcome.commitments} == {at for at, _, _ in promised}


def test_a_line_that_is_short_says_so_once_over_all_places():
    outcome = paper.decided(reserve("20", split=True, partly=False), shop(MAIN=4, EAST=3, NORTH=6))
    short = outcome.problem["lines"]
    assert [(each["requested"], each["available"]) for each in short] == [("20", "13")]


WRONG = [
    {"whole_packs": True},
    {"whole_packs": True, "unit": "pack", "quantity": "1.5"},
    {"split": True, "other_locations": ["EAST"]},
    {"other_locations": ["MAIN"]},
    {"other_locations": ["EAST", "EAST"]},
    {"other_locations": []},
]


@pytest.mark.parametrize("fields", WRONG)
def test_what_says_two_things_is_no_command(fields):
    wanted = {"sku": "A", "location": "MAIN", "quantity": "1", **fields}
    with pytest.raises(ValidationError):
        CreateReservation(order_id="SO-1", lines=[wanted])


@settings(deadline=None)
@given(
    stock=st.lists(st.integers(0, 20), min_size=3, max_size=3),
    packs=st.integers(1, 6),
    unit=st.sampled_from(["pack", "box", "two"]),
)
def test_as_many_whole_packs_are_found_as_there_are(stock, packs, unit):
    size = {"pack": 6, "box": 8, "two": 2}[unit]
    over = shop(MAIN=stock[0], EAST=stock[1], WEST=stock[2])
    outcome = paper.decided(reserve(str(packs), unit, whole_packs=True, split=True), over)
    there = min(packs, sum(each // size for each in stock))
    assert (outcome.code == 201) == (there > 0)
    if there:
        given_out = [int(reserved) for _, _, reserved in granted(outcome)]
        assert sum(given_out) == there * size
        assert not any(each % size for each in given_out)
