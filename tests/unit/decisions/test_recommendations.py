"""Recommendations: what is generated, refreshed, withdrawn and skipped, and what becomes of each."""

from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import paper
from asks import TENANT
from ledger.level import Level, LevelKey
from ledger.reckoning import RESULTS, again, results
from schemas.base import shown
from schemas.commands.holds import PlaceHold
from schemas.commands.issues import IssueStock
from schemas.commands.policies import SetPolicy
from schemas.commands.receipts import PostReceipt
from schemas.commands.recommendations import CloseRecommendation, GenerateRecommendations
from schemas.commands.replenishment import ObserveReplenishment, SetReplenishmentPolicy
from schemas.commands.reservations import CreateReservation
from schemas.events import EVENTS


def policy(kind="reorder-point", sku="A", location="MAIN", **words):
    return SetReplenishmentPolicy(sku=sku, location=location, kind=kind, **words)


def generate(**scope):
    return GenerateRecommendations(**scope)


def close(outcome, named="rec-g-1", **words):
    return CloseRecommendation(recommendation_id=named, outcome=outcome, **words)


def line(quantity, sku="A", location="MAIN", **fields):
    return {"sku": sku, "location": location, "quantity": quantity, **fields}


def shop(*commands, levels=(("A", "", "10", "4"),)):
    """Of A 10 at MAIN, 4 of them promised; then the commands, all of which apply."""
    over = paper.book(*levels)
    for number, command in enumerate(commands):
        assert paper.kept(command, over, f"s{number}").code < 300
    return over


def skipped(outcome):
    return [(each["sku"], each["location"], each["because"]) for each in outcome.body["skipped"]]


def ordered(over):
    """What is recommended and stands, by place."""
    return {
        f"{each.sku}/{each.location}": (each.status, str(each.quantity))
        for each in over.recommendations.values()
    }


def test_a_recommendation_returns_its_own_arithmetic():
    over = shop(
        policy("fixed-quantity", reorder_point="10", quantity="7", order_min="10", order_max="25")
    )
    made = paper.kept(generate(), over, "g")
    assert (made.code, made.resource) == (200, ("recommendation-run", "run-g"))
    named = {"recommendation_id": "rec-g-1", "sku": "A", "location": "MAIN", "quantity": "10"}
    assert made.body["created"] == [named]
    assert [(each.type, each.subject) for each in made.events] == [
        ("recommendations.generated", "recommendation-run/run-g"),
        ("recommendation.created", "recommendation/rec-g-1"),
    ]
    arithmetic = made.events[1].data["arithmetic"]
    assert arithmetic["stock"] == {
        "on_hand": "10", "reserved": "4", "held": "0", "unusable": "0", "incoming": "0",
        "accepted": "0", "available": "6", "projected": "6",
    }  # fmt: skip
    assert arithmetic["levels"] == [{"lot": None, "version": 1}]
    assert (arithmetic["point"], arithmetic["need"], arithmetic["status"]) == ("10", "5", "reorder")
    assert arithmetic["orders"] == [
        {
            "times": 1,
            "quantity": "10",
            "steps": [
                {"rule": "need", "comes_to": "5"},
                {"rule": "quantity", "comes_to": "7"},
                {"rule": "order_min", "comes_to": "10"},
            ],
        }
    ]
    assert results(again(arithmetic)) == {name: arithmetic[name] for name in RESULTS}


def test_who_generates_twice_is_told_that_nothing_changed():
    over = shop(policy(reorder_point="10"))
    paper.kept(generate(), over, "g")
    second = paper.kept(generate(), over, "h")
    assert skipped(second) == [("A", "MAIN", "unchanged")]
    assert second.body["skipped"][0]["recommendation_id"] == "rec-g-1"
    assert (second.documents, ordered(over)) == ((), {"A/MAIN": ("open", "5")})


def test_what_comes_to_something_else_is_refreshed_and_what_is_not_needed_withdrawn():
    over = shop(policy(reorder_point="10"))
    paper.kept(generate(), over, "g")
    paper.kept(IssueStock(to="customer", lines=[line("2")], reason_code="r"), over, "i")
    second = paper.kept(generate(), over, "h")
    assert [each["quantity"] for each in second.body["refreshed"]] == ["7"]
    assert over.recommendations[TENANT, "rec-g-1"].version == 2
    paper.kept(PostReceipt(lines=[line("50")]), over, "r")
    third = paper.kept(generate(), over, "j")
    assert [each["because"] for each in third.body["withdrawn"]] == ["enough"]
    assert ordered(over) == {"A/MAIN": ("withdrawn", "7")}
    assert skipped(paper.kept(generate(), over, "k")) == [("A", "MAIN", "enough")]


def test_what_was_accepted_comes_until_it_is_settled():
    over = shop(policy(reorder_point="10"))
    paper.kept(generate(), over, "g")
    closed = paper.kept(close("accepted", reference="PO-7"), over, "c")
    assert (closed.body["status"], closed.body["reference"]) == ("accepted", "PO-7")
    assert skipped(paper.kept(generate(), over, "h")) == [("A", "MAIN", "enough")]
    paper.kept(IssueStock(to="customer", lines=[line("1")], reason_code="r"), over, "i")
    made = paper.kept(generate(), over, "j")
    assert [each["quantity"] for each in made.body["created"]] == ["1"]
    assert made.events[1].data["arithmetic"]["stock"]["accepted"] == "5"
    paper.kept(close("settled"), over, "k")
    again_ = paper.kept(generate(), over, "l")
    assert [each["quantity"] for each in again_.body["refreshed"]] == ["6"]


CLOSES = [
    ((), close("accepted"), 200),
    ((), close("dismissed", reason="out of season"), 200),
    ((), close("settled"), 409),
    ((close("accepted"),), close("dismissed", reason="r"), 409),
    ((close("accepted"),), close("settled"), 200),
    ((close("dismissed", reason="r"),), close("accepted"), 409),
    ((), close("accepted", "rec-none"), 404),
]


@pytest.mark.parametrize(("before", "command", "code"), CLOSES)
def test_what_a_recommendation_may_become(before, command, code):
    over = shop(policy(reorder_point="10"))
    paper.kept(generate(), over, "g")
    for each in before:
        paper.kept(each, over, "b")
    outcome = paper.decided(command, over)
    assert outcome.code == code
    if code == 409:
        assert outcome.problem["pointer"] == "/outcome"
        assert outcome.problem["recommendation_status"] in outcome.problem["detail"]


def test_a_dismissal_says_why():
    with pytest.raises(ValidationError, match="reason must say"):
        close("dismissed")


def test_the_lots_that_may_not_be_used_are_not_there_and_are_missed_only_once():
    levels = (("B", "L1", "6", "2"), ("B", "L2", "5", "0"), ("B", "L3", "3", "0"))
    expired = (paper.NOW - timedelta(days=1)).date().isoformat()
    over = shop(paper.lot("L1", expired), policy(sku="B", reorder_point="10"), levels=levels)
    paper.kept(PlaceHold(sku="B", lot="L1", quantity="1", reason="r"), over, "h")
    made = paper.kept(generate(), over, "g")
    stock = made.events[1].data["arithmetic"]["stock"]
    assert (stock["on_hand"], stock["reserved"], stock["held"]) == ("14", "2", "1")
    assert (stock["unusable"], stock["available"]) == ("3", "8")
    assert made.events[1].data["arithmetic"]["levels"] == [
        {"lot": "L1", "version": 1}, {"lot": "L2", "version": 1}, {"lot": "L3", "version": 1},
    ]  # fmt: skip


def test_what_is_promised_beyond_what_is_there_is_ordered_lot_for_lot():
    over = shop(SetPolicy(sku="A", backorder_limit="9"), policy("lot-for-lot"))
    wanted = CreateReservation(order_id="SO-1", lines=[line("13")])
    assert paper.kept(wanted, over, "r").code == 201
    made = paper.kept(generate(), over, "g")
    assert [each["quantity"] for each in made.body["created"]] == ["7"]


def observe(**figures):
    return ObserveReplenishment(lines=[{"sku": "A", "location": "MAIN", **figures}])


DEMAND = {"mean": "4", "sigma": "3", "days": 30, "stock_out_days": 5}
LEAD_TIME = {"mean": "9", "sigma": "2", "receipts": 7}


def test_what_was_observed_makes_the_point_and_the_policy_overrules_it():
    over = shop(policy(service_level="95"))
    assert skipped(paper.kept(generate(), over, "g")) == [("A", "MAIN", "demand-unknown")]
    paper.kept(observe(demand=DEMAND), over, "1")
    assert skipped(paper.kept(generate(), over, "g")) == [("A", "MAIN", "lead-time-unknown")]
    paper.kept(observe(demand=DEMAND, lead_time=LEAD_TIME), over, "2")
    made = paper.kept(generate(), over, "g")
    arithmetic = made.events[1].data["arithmetic"]
    assert arithmetic["demand"] == {**DEMAND, "said_by": "observation"}
    assert (arithmetic["z"], arithmetic["safety_stock"]) == ("1.644854", "20")
    assert (arithmetic["lead_demand"], arithmetic["point"], arithmetic["need"]) == (
        "36",
        "56",
        "51",
    )
    paper.kept(policy(service_level="95", demand_mean="1", lead_time_mean="2"), over, "3")
    made = paper.kept(generate(), over, "h")
    assert made.body["withdrawn"][0]["because"] == "enough"


def test_places_are_decided_in_order_and_the_rest_by_the_next_command(monkeypatch):
    monkeypatch.setattr("consumers.decisions.recommendations.PLACES_MAX", 2)
    places = [("A", "EAST"), ("A", "MAIN"), ("B", "MAIN"), ("S", "EAST")]
    over = shop(*(policy(sku=sku, location=at, reorder_point="10") for sku, at in places))
    first = paper.kept(generate(), over, "g")
    assert [(each["sku"], each["location"]) for each in first.body["created"]] == places[:2]
    assert first.body["next"] == {"sku": "A", "location": "MAIN"}
    second = paper.kept(generate(after=first.body["next"]), over, "h")
    assert [(each["sku"], each["location"]) for each in second.body["created"]] == places[2:]
    assert (second.body["considered"], second.body["next"]) == (2, None)


def test_what_is_skipped_says_why():
    over = shop(
        policy("none"),
        policy(sku="B", reorder_point="3"),
        policy(sku="S", location="EAST", reorder_point="3"),
        levels=(("B", "L1", "4", "0"),),
    )
    over.items[TENANT, "S"] = over.items[TENANT, "S"]._replace(active=False)
    made = paper.kept(generate(skus=["A", "B", "S", "X"]), over, "g")
    assert skipped(made) == [
        ("A", "MAIN", "none-wanted"),
        ("B", "MAIN", "enough"),
        ("S", "EAST", "item-inactive"),
        ("X", None, "no-policy"),
    ]
    assert skipped(paper.decided(generate(locations=["EAST"]), over)) == [
        ("S", "EAST", "item-inactive")
    ]


def test_other_tenants_are_out_of_sight():
    over = shop(policy(reorder_point="10"))
    other = paper.ASK._replace(tenant_id="other")
    made = paper.decided(generate(), over, other)
    assert (made.body["considered"], made.body["created"]) == (0, [])
    paper.kept(generate(), over, "g")
    assert paper.decided(close("accepted"), over, other).code == 404


def decimals(low, high):
    return st.decimals(low, high, places=3, allow_nan=False).map(lambda each: shown(each + 0))


FIGURES = st.builds(lambda mean, sigma: {"mean": mean, "sigma": sigma}, *[decimals(0, 400)] * 2)


@given(
    on_hand=decimals(0, 10**6),
    reserved=decimals(0, 10**6),
    kind=st.sampled_from(["reorder-point", "lot-for-lot"]),
    level=st.none() | decimals(50, 99),
    multiple=st.none() | decimals("0.001", 50),
    demand=FIGURES,
    lead_time=FIGURES,
)
def test_whatever_is_recommended_is_told_as_it_should_be(
    on_hand, reserved, kind, level, multiple, demand, lead_time
):
    over = paper.book(("A", "", on_hand, reserved))
    seen = {
        "demand": {**demand, "days": 30, "stock_out_days": 0},
        "lead_time": {**lead_time, "receipts": 2},
    }
    for number, command in enumerate(
        (
            policy(kind, service_level=level, order_multiple=multiple),
            observe(**seen),
            generate(),
            close("accepted", "rec-2-1"),
            generate(),
        )
    ):
        outcome = paper.decided(command, over, paper.ASK._replace(new_id=str(number)))
        if outcome.code == 404:  # there was enough
            continue
        over.apply(TENANT, "ann", outcome)
        for event in outcome.events:
            told = orjson.dumps(outcome.body if event.data is None else event.data)
            EVENTS[event.type].model_validate_json(told)
    assert outcome.body["created"] == [], "all that is needed is on its way"
    for each in over.recommendations.values():
        arithmetic = orjson.loads(orjson.dumps(each.arithmetic))
        assert results(again(arithmetic)) == {name: arithmetic[name] for name in RESULTS}


def test_what_comes_to_more_than_any_balance_holds_is_left_out():
    over = shop(policy(reorder_point="10"))
    key = LevelKey(TENANT, "A", "EAST", "")
    over.enter([Level(key, version=1)])
    words = {"lead_time_mean": "3650", "demand_mean": "999999999999"}
    paper.kept(policy(location="EAST", **words), over, "1")
    made = paper.kept(generate(locations=["EAST"]), over, "g")
    assert skipped(made) == [("A", "EAST", "out-of-bounds")]
    assert Decimal(0) == sum((each.quantity for each in over.recommendations.values()), Decimal(0))
