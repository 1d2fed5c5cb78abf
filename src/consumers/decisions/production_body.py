"""A production order as results, events and its table have it, and what it came to at its end."""

from typing import Any

from consumers.decisions.building import required
from ledger.documents import Document
from ledger.making import Production
from ledger.outcome import Applied, Commitment, Event, Movement
from schemas.base import ZERO, shown


def changed(
    event: str,
    order: Production,
    *,
    commitments: tuple[Commitment, ...] = (),
    movements: tuple[Movement, ...] = (),
    documents: tuple[Document, ...] = (),
    events: tuple[Event, ...] = (),
    more: dict[str, Any] | None = None,
) -> Applied:
    """The outcome that leaves an order as given; `more` is what only this event tells of it."""
    named = order.production_id
    return Applied(
        201 if order.version == 1 else 200,
        ("production", named),
        {**production_body(order), **(more or {})},
        (Event(event, f"production/{named}", order.version), *events),
        (order, *documents),
        movements,
        commitments,
    )


def production_body(order: Production) -> dict[str, Any]:
    """A production order as results and events show it."""
    return {
        "production_id": order.production_id,
        "sku": order.sku,
        "location": order.location,
        "status": order.status,
        "planned": shown(order.planned),
        "makes": shown(order.makes),
        "components": [component.shown() for component in order.components],
        "recipe_version": order.recipe_version,
        "inputs": [each.shown() for each in order.inputs],
        "outputs": [output.shown() for output in order.outputs],
        "reference": order.reference,
        "reason": order.reason,
        "created_at": order.created_at,
        "version": order.version,
    }


def variances(order: Production) -> list[dict[str, Any]]:
    """By component: what the recipe asks for what was made, and what really went."""
    made = sum((output.quantity for output in order.outputs), ZERO)
    found: list[dict[str, Any]] = []
    for number, component in enumerate(order.components, 1):
        mine = [each for each in order.inputs if each.line == number]
        used = sum((each.used for each in mine), ZERO)
        wasted = sum((each.wasted for each in mine), ZERO)
        expected = required(component, order.makes, made)
        found.append(
            {
                "sku": component.sku,
                "expected": shown(expected),
                "used": shown(used),
                "wasted": shown(wasted),
                "difference": shown(used + wasted - expected),
            }
        )
    return found
