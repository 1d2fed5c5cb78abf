"""The arithmetic of a recommendation as it is told and kept, and reckoned again from that. Pure."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from ledger.ordering import Arithmetic, Rate, Stock, reckoned
from ledger.replenishing import Replenishment
from schemas.base import shown

_MICRO: Final = Decimal("0.000001")
RESULTS: Final = ("z", "safety_stock", "lead_demand", "point", "status", "need", "orders")
"""What of a told arithmetic follows from the rest of it."""


def told(
    policy: Replenishment,
    stock: Stock,
    demand: Mapping[str, Any] | None,
    lead_time: Mapping[str, Any] | None,
    unit: Decimal,
    found: Arithmetic,
) -> dict[str, Any]:
    """Everything that was reckoned with, and what came of it, as bodies show it.

    `demand` and `lead_time` have a `mean` and a `sigma`, and say who said so.
    """
    return {
        "policy": policy.told,
        "unit": shown(unit),
        "stock": {
            **{name: shown(value) for name, value in stock._asdict().items()},
            "available": shown(stock.available),
            "projected": shown(stock.projected),
        },
        "demand": demand,
        "lead_time": lead_time,
        **results(found),
    }


def results(found: Arithmetic) -> dict[str, Any]:
    """What came of it, as bodies show it."""
    lead_demand = found.lead_demand
    return {
        "z": None if found.z is None else shown(found.z),
        "safety_stock": shown(found.safety_stock),
        "lead_demand": None
        if lead_demand is None
        else shown(lead_demand.quantize(_MICRO, ROUND_HALF_UP)),
        "point": shown(found.point),
        "status": found.status,
        "need": shown(found.need),
        "orders": [
            {
                "times": order.times,
                "quantity": shown(order.quantity),
                "steps": [
                    {"rule": step.rule, "comes_to": shown(step.comes_to)} for step in order.steps
                ],
            }
            for order in found.orders
        ],
    }


def again(arithmetic: Mapping[str, Any]) -> Arithmetic | str:
    """What follows from what an arithmetic says it was reckoned with."""
    words: dict[str, Any] = {
        name: Decimal(value) if isinstance(value, str) and name != "kind" else value
        for name, value in arithmetic["policy"].items()
    }
    policy = Replenishment(tenant_id="", sku="", location="", **words)
    stock = Stock(*(Decimal(arithmetic["stock"][name]) for name in Stock._fields))
    demand, lead_time = (rate(arithmetic[name]) for name in ("demand", "lead_time"))
    return reckoned(policy, stock, demand, lead_time, Decimal(arithmetic["unit"]))


def rate(said: Mapping[str, Any] | None) -> Rate | None:
    """The figures of a demand or a lead time as it is told."""
    return None if said is None else Rate(Decimal(said["mean"]), Decimal(said["sigma"]))
