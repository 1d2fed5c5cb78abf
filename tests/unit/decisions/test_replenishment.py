"""How places are replenished: policies that hold together, and what was observed there."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

import paper
from asks import TENANT
from schemas.commands.replenishment import ObserveReplenishment, SetReplenishmentPolicy


def policy(kind="reorder-point", sku="A", location="MAIN", **words):
    return SetReplenishmentPolicy(sku=sku, location=location, kind=kind, **words)


def observe(*lines):
    return ObserveReplenishment(lines=list(lines))


def line(sku="A", location="MAIN", **figures):
    return {"sku": sku, "location": location, **figures}


DEMAND = {"mean": "4", "sigma": "3", "days": 30, "stock_out_days": 5}
LEAD_TIME = {"mean": "9", "sigma": "2", "receipts": 7}


def test_a_policy_is_said_anew_each_time():
    over = paper.book()
    words = {"reorder_point": "10", "order_multiple": "6", "safety_stock": "4"}
    first = paper.kept(policy(**words), over, "1")
    assert (first.code, first.resource) == (201, ("replenishment", "A/MAIN"))
    assert [(each.type, each.subject, each.sequence) for each in first.events] == [
        ("replenishment.policy.set", "replenishment/A/MAIN", 1)
    ]
    second = paper.kept(policy("min-max", maximum="40"), over, "2")
    assert (second.code, second.body["version"]) == (200, 2)
    assert (second.body["order_multiple"], second.body["maximum"]) == (None, "40")


CONTRADICTIONS = [
    (policy("lot-for-lot", reorder_point="1"), "/reorder_point"),
    (policy("none", reorder_point="1"), "/reorder_point"),
    (policy("min-max", reorder_point="1"), "/maximum"),
    (policy("min-max", reorder_point="40", maximum="40"), "/maximum"),
    (policy("fixed-quantity"), "/quantity"),
    (policy("min-max", maximum="40", quantity="2"), "/quantity"),
    (policy(service_level="95", safety_stock="3"), "/service_level"),
    (policy(demand_sigma="1"), "/demand_sigma"),
    (policy(lead_time_sigma="1"), "/lead_time_sigma"),
    (policy(order_min="10", order_max="9"), "/order_max"),
    (policy(order_multiple="10", order_max="9"), "/order_max"),
    (policy(order_min="13", order_multiple="6", order_max="17"), "/order_max"),
    (policy(sku="S", order_multiple="0.5"), "/order_multiple"),
    (policy(sku="S", order_max="2.5"), "/order_max"),
]


@pytest.mark.parametrize(("command", "at"), CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_naming_the_field(command, at):
    refused = paper.decided(command, paper.book())
    assert (refused.code, paper.refusal(refused)) == (422, "replenishment-rule")
    assert refused.problem["pointer"] == at
    assert refused.problem["detail"].startswith(f"{at}: must")


FITTING = [
    policy("lot-for-lot", safety_stock="3"),
    policy("min-max", maximum="40"),
    policy("fixed-quantity", reorder_point="0", quantity="7"),
    policy(order_min="13", order_multiple="6", order_max="18"),
    policy(order_multiple="0.5"),
    policy(sku="S", order_multiple="2"),
    policy("none"),
]


@pytest.mark.parametrize("command", FITTING)
def test_what_holds_together_is_set(command):
    assert paper.decided(command, paper.book()).code == 201


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (policy(sku="NONE"), "unknown-item"),
        (policy(location="NOWHERE"), "unknown-location"),
        (observe(line(demand=DEMAND)), "unknown-replenishment"),
    ],
)
def test_what_names_nothing_is_refused(command, problem):
    assert paper.refusal(paper.decided(command, paper.book())) == problem


@pytest.mark.parametrize(
    "words",
    [
        {"service_level": "49"}, {"service_level": "100"}, {"lead_time_mean": "3651"},
        {"order_multiple": "0"}, {"reorder_point": "-1"}, {"kind": "guess"},
    ],
)  # fmt: skip
def test_what_no_policy_can_say_is_refused(words):
    with pytest.raises(ValidationError):
        policy(**words)


def test_what_is_observed_takes_the_place_of_what_was():
    over = paper.book()
    paper.kept(policy(), over, "1")
    first = paper.kept(observe(line(demand=DEMAND)), over, "2")
    assert first.events[0].data["demand"] == DEMAND
    second = paper.kept(observe(line(), line(lead_time=LEAD_TIME)), over, "3")
    assert second.body["places"] == 1
    told = second.events[0].data
    assert (told["demand"], told["lead_time"], told["version"]) == (None, LEAD_TIME, 2)
    kept = over.observations[TENANT, "A", "MAIN"]
    assert (kept.demand, kept.lead_time.sigma) == (None, Decimal(2))
    assert [(each.subject, each.sequence) for each in second.events] == [("observation/A/MAIN", 2)]
