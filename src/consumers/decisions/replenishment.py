"""What replenishment commands mean: by which rule a place is replenished, and what was observed there."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from consumers.decisions.known import unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.documents import Item
from ledger.ordering import rounded_down, rounded_up
from ledger.outcome import Applied, Event, Outcome, Rejected
from ledger.replenishing import Demand, LeadTime, Observation, Replenishment
from schemas.commands.replenishment import (
    ObservedPlace,
    ObserveReplenishment,
    SetReplenishmentPolicy,
)
from schemas.problems import REPLENISHMENT_RULE, UNKNOWN_REPLENISHMENT, problem

WHOLE: Final = Decimal(1)


def _place(command: SetReplenishmentPolicy, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))
    needs.replenishments.add((tenant_id, command.sku, command.location))


@decides(SetReplenishmentPolicy, needs=_place)
def set_replenishment_policy(command: SetReplenishmentPolicy, ask: Ask, book: Book) -> Outcome:
    """Set how a place is replenished; recommendations follow when they are generated next."""
    refused = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    refused = refused or _contradiction(command, book.items[ask.tenant_id, command.sku])
    if refused:
        return refused
    key = (ask.tenant_id, command.sku, command.location)
    old = book.replenishments.get(key)
    said = {name: getattr(command, name) for name in Replenishment._fields[3:-1]}
    policy = Replenishment(*key, **said, version=old.version + 1 if old else 1)
    subject = f"{command.sku}/{command.location}"
    body = {"sku": policy.sku, "location": policy.location, **policy.told}
    event = Event("replenishment.policy.set", f"replenishment/{subject}", policy.version)
    return Applied(200 if old else 201, ("replenishment", subject), body, (event,), (policy,))


class _Rule(NamedTuple):
    """What must not be said together, and of which field that is told."""

    field: str
    broken: Callable[[SetReplenishmentPolicy], bool]
    said: str


def _largest_is_too_small(command: SetReplenishmentPolicy) -> bool:
    if command.order_max is None:
        return False
    step = command.order_multiple or command.order_max
    least = rounded_up(command.order_min or step, step)
    return rounded_down(command.order_max, step) < least


_RULES: Final = (
    _Rule(
        "reorder_point",
        lambda of: of.kind in ("lot-for-lot", "none") and of.reorder_point is not None,
        "must be null: this kind has none",
    ),
    _Rule("maximum", lambda of: of.kind == "min-max" and of.maximum is None, "must be stated"),
    _Rule(
        "maximum",
        lambda of: of.maximum is not None and of.maximum <= (of.reorder_point or -1),
        "must be above the reorder point",
    ),
    _Rule(
        "quantity",
        lambda of: (of.kind == "fixed-quantity") != (of.quantity is not None),
        "must be stated by the kind fixed-quantity, and by no other",
    ),
    _Rule(
        "service_level",
        lambda of: of.service_level is not None and of.safety_stock is not None,
        "must be null where a safety stock is stated",
    ),
    _Rule(
        "demand_sigma",
        lambda of: of.demand_sigma is not None and of.demand_mean is None,
        "must be null where no mean is stated",
    ),
    _Rule(
        "lead_time_sigma",
        lambda of: of.lead_time_sigma is not None and of.lead_time_mean is None,
        "must be null where no mean is stated",
    ),
    _Rule(
        "order_max",
        _largest_is_too_small,
        "must have room for a whole multiple that is not below the smallest order",
    ),
)
_IN_UNITS: Final = ("quantity", "order_multiple", "order_min", "order_max")


def _contradiction(command: SetReplenishmentPolicy, item: Item) -> Rejected | None:
    """Refuse the first thing that contradicts another, or the units that the item comes in."""
    for rule in _RULES:
        if rule.broken(command):
            return _broken(rule.field, rule.said)
    unit = unit_of(item)
    for field in _IN_UNITS:
        value = getattr(command, field)
        if unit is not None and value is not None and value % unit:
            return _broken(field, f"must be a multiple of {unit}, the smallest unit of {item.sku}")
    return None


def _broken(field: str, said: str) -> Rejected:
    at = f"/{field}"
    return Rejected(422, problem(REPLENISHMENT_RULE, f"{at}: {said}", pointer=at))


def unit_of(item: Item) -> Decimal | None:
    """The smallest quantity that there is of an item; none where any is exact."""
    if item.track_by == "serial" or item.rounding == "whole":
        return WHOLE
    return WHOLE.scaleb(-(item.scale or 0)) if item.rounding == "measured" else None


def _observed(command: ObserveReplenishment, tenant_id: str, needs: Needs) -> None:
    for line in command.lines:
        needs.replenishments.add((tenant_id, line.sku, line.location))


@decides(ObserveReplenishment, needs=_observed)
def observe_replenishment(command: ObserveReplenishment, ask: Ask, book: Book) -> Outcome:
    """Note what was observed: of all lines or of none. The last line of a place is what holds."""
    noted: dict[tuple[str, str, str], Observation] = {}
    for index, line in enumerate(command.lines):
        key = (ask.tenant_id, line.sku, line.location)
        if key not in book.replenishments:
            at = f"/lines/{index}"
            said = f"{at}: there is no policy of replenishment for {line.sku} at {line.location}"
            return Rejected(404, problem(UNKNOWN_REPLENISHMENT, said, pointer=at))
        old = book.observations.get(key)
        noted[key] = _observation(line, key, old.version + 1 if old else 1, book.at)
    events = tuple(
        Event(
            "replenishment.observed",
            f"observation/{each.sku}/{each.location}",
            each.version,
            observation_body(each),
        )
        for each in noted.values()
    )
    body = {"places": len(noted), "created_at": book.at}
    named = ("observations", f"obs-{ask.new_id}")
    return Applied(201, named, body, events, tuple(noted.values()))


def _observation(
    line: ObservedPlace, key: tuple[str, str, str], version: int, at: str
) -> Observation:
    demand, lead_time = line.demand, line.lead_time
    return Observation(
        *key,
        None if demand is None else Demand(**dict(demand)),
        None if lead_time is None else LeadTime(**dict(lead_time)),
        at,
        version,
    )


def observation_body(observation: Observation) -> dict[str, Any]:
    """An observation as events show it."""
    demand, lead_time = observation.demand, observation.lead_time
    return {
        "sku": observation.sku,
        "location": observation.location,
        "demand": demand and demand.told,
        "lead_time": lead_time and lead_time.told,
        "observed_at": observation.observed_at,
        "version": observation.version,
    }
