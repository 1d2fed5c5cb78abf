"""Recipes: how much a making takes, how many can be made, and that nothing is made of itself."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import paper
from consumers.decisions.building import limit, makeable, plain, required
from schemas.commands.recipes import UpsertRecipe
from workshop import SCHOOL_SET, component, workshop

ONE = Decimal(1)


def upsert(sku, *components, **fields):
    named = [
        {"sku": each, "quantity": "1"} if isinstance(each, str) else each for each in components
    ]
    return UpsertRecipe(sku=sku, components=named, **fields)


REQUIRED = [
    (component("X", "300", "0.05"), "10", "3150"),
    (component("X", "3", multiple="17"), "1", "17"),
    (component("X", "3", multiple="17"), "10", "34"),
    (component("X", "3", multiple="17"), "100", "306"),
    (component("X", "3", multiple="17"), "21", "68"),
    (component("X", "2", setup="5"), "10", "25"),
    (component("X", "2", "0.1", "5", "10"), "10", "30"),
    (component("X", "2", setup="5"), "0", "0"),
]


@pytest.mark.parametrize(("each", "made", "needed"), REQUIRED)
def test_what_a_making_takes(each, made, needed):
    assert required(each, ONE, Decimal(made)) == Decimal(needed)


def test_a_third_of_a_batch_is_rounded_up_to_the_last_decimal():
    assert required(component("X", "10"), Decimal(3), ONE) == Decimal("3.333334")
    assert plain(component("X", "10"), Decimal(3), ONE) == Decimal("3.333334")


HAVE = {"PENCIL": Decimal(6), "ERASER": Decimal(2), "CASE": Decimal(3)}
LIMITS = [
    (HAVE, (2, "ERASER")),
    ({**HAVE, "ERASER": Decimal(9)}, (3, "CASE")),  # as PENCIL does: the first is named
    ({**HAVE, "CASE": Decimal("0.5")}, (0, "CASE")),
    ({"PENCIL": Decimal(6), "CASE": Decimal(3)}, (0, "ERASER")),
]


@pytest.mark.parametrize(("available", "said"), LIMITS)
def test_the_component_that_limits_is_named(available, said):
    assert limit(SCHOOL_SET, ONE, available) == said


quantities = st.decimals("0.1", "50", places=1)
shares = st.decimals("0", "1", places=2)


@given(
    each=st.builds(component, st.just("X"), quantities, shares, shares, st.none() | quantities),
    available=st.decimals("0", "500", places=1),
)
def test_so_many_can_be_made_and_not_one_more(each, available):
    count = makeable(each, ONE, available)
    assert required(each, ONE, Decimal(count)) <= available
    assert required(each, ONE, Decimal(count + 1)) > available


CASES = [
    (upsert("SALT", "GLUE"), 201, None, None),
    (upsert("SET", "CASE", kind="kit"), 200, None, None),
    (upsert("NONE", "CASE"), 422, "unknown-item", "/sku"),
    (upsert("SALT", "CASE", "NONE"), 422, "unknown-item", "/components/1/sku"),
    (upsert("SALT", "SALT"), 422, "recipe-cycle", "/components/0/sku"),
    (upsert("SALT", "GLUE", "BREAD"), 422, "recipe-cycle", "/components/1/sku"),
    (upsert("SALT", {"sku": "SAW", "quantity": "21"}), 201, None, None),
    (upsert("SALT", {"sku": "SAW", "quantity": "21.7"}), 422, "whole-units", "/components/0/quantity"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "code", "refused", "pointer"), CASES)
def test_a_recipe_is_noted_or_refused(command, code, refused, pointer):
    outcome = paper.decided(command, workshop())
    assert (outcome.code, paper.refusal(outcome)) == (code, refused)
    if refused:
        assert outcome.problem["pointer"] == pointer


def test_a_circle_is_named_over_all_its_levels():
    over = workshop()
    paper.kept(upsert("CASE", "GLUE"), over, "1")
    paper.kept(upsert("GLUE", "SALT", "FLOUR"), over, "2")
    outcome = paper.decided(upsert("FLOUR", "SET"), over)
    assert outcome.problem["path"] == ["FLOUR", "SET", "CASE", "GLUE", "FLOUR"] or outcome.problem[
        "path"
    ] == ["FLOUR", "SET", "GLUE", "FLOUR"]


@pytest.mark.parametrize(
    ("components", "says"),
    [
        ([{"sku": "A", "quantity": "1"}] * 2, "must name each item once"),
        ([{"sku": "A", "quantity": "1", "consumable": True}], "must not all be consumable"),
    ],
)
def test_a_recipe_names_each_component_once_and_one_that_counts(components, says):
    with pytest.raises(ValidationError, match=says):
        UpsertRecipe(sku="X", components=components)
