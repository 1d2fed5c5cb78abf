"""What recommendation commands mean: what should be ordered for which place, and what became of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from consumers.decisions.fefo import unusable
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.replenishment import WHOLE, unit_of
from ledger.book import Book
from ledger.level import NO_LOT, Level
from ledger.ordering import Arithmetic, Stock, reckoned
from ledger.outcome import Applied, Event, Outcome, Rejected
from ledger.reckoning import rate, told
from ledger.replenishing import PLACES_MAX, Place, Recommendation, Replenishment, Scope
from schemas.base import QUANTITY_BOUND, ZERO, shown
from schemas.commands.recommendations import CloseRecommendation, GenerateRecommendations
from schemas.problems import RECOMMENDATION_CLOSED, UNKNOWN_RECOMMENDATION, problem

_FROM: Final = {"accepted": "open", "dismissed": "open", "settled": "accepted"}
"""Which status a recommendation must have for which outcome."""


def scope_of(command: GenerateRecommendations, tenant_id: str) -> Scope:
    """The places that a command asks for."""
    after = ("", "") if command.after is None else (command.after.sku, command.after.location)
    skus, locations = command.skus, command.locations
    return Scope(
        tenant_id,
        None if skus is None else tuple(sorted(set(skus))),
        None if locations is None else tuple(sorted(set(locations))),
        after,
    )


def _scope(command: GenerateRecommendations, tenant_id: str, needs: Needs) -> None:
    needs.scopes.add(scope_of(command, tenant_id))


@dataclass(slots=True)
class _Run:
    """What one command has found of its places so far."""

    ask: Ask
    book: Book
    changed: list[tuple[str, Recommendation]] = field(default_factory=list)
    withdrawn: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)

    def open(self, place: Place) -> Recommendation | None:
        """The open recommendation for a place, of which there is one at most."""
        return next(iter(self.book.recommendations.standing(place, "open")), None)

    def skip(self, place: Place, because: str) -> None:
        """Recommend nothing there; what was recommended is withdrawn."""
        found = self.open(place)
        if found is None:
            self.skipped.append({"sku": place[1], "location": place[2], "because": because})
            return
        gone = found._replace(status="withdrawn", reason=because, version=found.version + 1)
        self.changed.append(("withdrawn", gone))
        self.withdrawn.append({**_named(gone), "because": because})

    def recommend(self, place: Place, quantity: Decimal, arithmetic: dict[str, Any]) -> None:
        """Recommend it, unless that is what was recommended already."""
        found = self.open(place)
        if found is None:
            named = f"rec-{self.ask.new_id}-{len(self.changed) + 1}"
            made = (named, *place[1:], "open", quantity, arithmetic, None, None, self.book.at, 1)
            self.changed.append(("created", Recommendation(place[0], *made)))
        elif _same(found.arithmetic, arithmetic):
            same = {"because": "unchanged", "recommendation_id": found.recommendation_id}
            self.skipped.append({"sku": place[1], "location": place[2], **same})
        else:
            new = found._replace(
                quantity=quantity, arithmetic=arithmetic, version=found.version + 1
            )
            self.changed.append(("refreshed", new))


@decides(GenerateRecommendations, needs=_scope)
def generate_recommendations(command: GenerateRecommendations, ask: Ask, book: Book) -> Outcome:
    """Recommend what each place needs, and say of every other why nothing is recommended."""
    scope = scope_of(command, ask.tenant_id)
    found = book.replenishments.places.within(scope, PLACES_MAX + 1)
    places, more = found[:PLACES_MAX], found[PLACES_MAX:]
    run = _Run(ask, book)
    for place in places:
        _consider(place, run)
    last = places[-1][1:] if more else None
    run.skipped += _without_policy(scope, {place[1] for place in places}, last)
    return _generated(run, len(places), last)


def _consider(place: Place, run: _Run) -> None:
    """Reckon what one place needs."""
    policy, item = run.book.replenishments[place], run.book.items[place[:2]]
    if policy.kind == "none":
        return run.skip(place, "none-wanted")
    if not item.active:
        return run.skip(place, "item-inactive")
    levels = run.book.levels(*place)
    stock = _stock(place, levels, run.book)
    demand, lead_time = _figures(policy, run.book)
    unit = unit_of(item) or _fine(policy)
    found = reckoned(policy, stock, rate(demand), rate(lead_time), unit)
    if not isinstance(found, Arithmetic):
        return run.skip(place, found)
    if not found.orders:
        return run.skip(place, "enough")
    if found.total >= QUANTITY_BOUND:
        return run.skip(place, "out-of-bounds")
    arithmetic = told(policy, stock, demand, lead_time, unit, found)
    arithmetic["levels"] = [
        {"lot": lot or None, "version": levels[lot].version} for lot in sorted(levels)
    ]
    return run.recommend(place, found.total, arithmetic)


def _fine(policy: Replenishment) -> Decimal:
    """Of what is exact in any quantity a whole one is ordered, unless smaller ones are packed."""
    return min(WHOLE, policy.order_multiple or WHOLE)


def _stock(place: Place, levels: Mapping[str, Level], book: Book) -> Stock:
    """What all lots at a place come to; what is promised or held of a lot is gone only once."""
    tenant_id, sku, location = place
    lots, lost = levels.values(), ZERO
    accepted = book.recommendations.standing(place, "accepted")
    for lot, level in levels.items():
        if lot != NO_LOT and unusable(
            book.lots.get((tenant_id, sku, lot)), book.today(tenant_id, location)
        ):
            lost += max(level.free, ZERO)
    return Stock(
        sum((level.on_hand for level in lots), ZERO),
        sum((level.reserved for level in lots), ZERO),
        sum((level.held for level in lots), ZERO),
        lost,
        sum((level.incoming for level in lots), ZERO),
        sum((each.quantity for each in accepted), ZERO),
    )


def _figures(
    policy: Replenishment, book: Book
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Demand and lead time, as the policy states them or else as they were observed."""
    observed = book.observations.get(policy.key)
    demand = _said(policy.demand_mean, policy.demand_sigma)
    lead_time = _said(policy.lead_time_mean, policy.lead_time_sigma)
    if demand is None and observed and observed.demand:
        demand = {**observed.demand.told, "said_by": "observation"}
    if lead_time is None and observed and observed.lead_time:
        lead_time = {**observed.lead_time.told, "said_by": "observation"}
    return demand, lead_time


def _said(mean: Decimal | None, sigma: Decimal | None) -> dict[str, Any] | None:
    if mean is None:
        return None
    return {"mean": shown(mean), "sigma": shown(sigma or ZERO), "said_by": "policy"}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the numbers are the same; levels may have changed and come to the same again."""
    return {**one, "levels": None} == {**other, "levels": None}


def _without_policy(
    scope: Scope, considered: set[str], last: tuple[str, str] | None
) -> list[dict[str, Any]]:
    """The items that were asked for by name, in this part of the scope, and have no policy there."""
    return [
        {"sku": sku, "location": None, "because": "no-policy"}
        for sku in scope.skus or ()
        if sku not in considered and scope.after[0] < sku and (last is None or sku < last[0])
    ]


def _generated(run: _Run, considered: int, last: tuple[str, str] | None) -> Applied:
    named = f"run-{run.ask.new_id}"
    body = {
        "run_id": named,
        "considered": considered,
        "created": [_named(each) for how, each in run.changed if how == "created"],
        "refreshed": [_named(each) for how, each in run.changed if how == "refreshed"],
        "withdrawn": run.withdrawn,
        "skipped": run.skipped,
        "next": None if last is None else {"sku": last[0], "location": last[1]},
        "created_at": run.book.at,
    }
    events = (
        Event("recommendations.generated", f"recommendation-run/{named}", 1),
        *(_event(how, each) for how, each in run.changed),
    )
    documents = tuple(each for _, each in run.changed)
    return Applied(200, ("recommendation-run", named), body, events, documents)


def _named(recommendation: Recommendation) -> dict[str, Any]:
    return {
        "recommendation_id": recommendation.recommendation_id,
        "sku": recommendation.sku,
        "location": recommendation.location,
        "quantity": shown(recommendation.quantity),
    }


def _event(how: str, recommendation: Recommendation) -> Event:
    subject = f"recommendation/{recommendation.recommendation_id}"
    body = recommendation_body(recommendation)
    return Event(f"recommendation.{how}", subject, recommendation.version, body)


def recommendation_body(recommendation: Recommendation) -> dict[str, Any]:
    """A recommendation as results and events show it."""
    return {
        **_named(recommendation),
        "status": recommendation.status,
        "arithmetic": recommendation.arithmetic,
        "reason": recommendation.reason,
        "reference": recommendation.reference,
        "created_at": recommendation.created_at,
        "version": recommendation.version,
    }


def _closed(command: CloseRecommendation, tenant_id: str, needs: Needs) -> None:
    needs.recommendations.add((tenant_id, command.recommendation_id))


@decides(CloseRecommendation, needs=_closed)
def close_recommendation(command: CloseRecommendation, ask: Ask, book: Book) -> Outcome:
    """Take a recommendation up, dismiss it, or settle what was taken up."""
    named = command.recommendation_id
    found = book.recommendations.get((ask.tenant_id, named))
    if found is None:
        said = f"/recommendation_id: there is no recommendation {named}"
        return Rejected(404, problem(UNKNOWN_RECOMMENDATION, said, pointer="/recommendation_id"))
    if found.status != _FROM[command.outcome]:
        said = f"/outcome: {named} is {found.status}, and only what is {_FROM[command.outcome]} can be {command.outcome}"
        members = {"pointer": "/outcome", "recommendation_status": found.status}
        return Rejected(409, problem(RECOMMENDATION_CLOSED, said, **members))
    changed = found._replace(
        status=command.outcome,
        reason=command.reason or found.reason,
        reference=command.reference or found.reference,
        version=found.version + 1,
    )
    body = recommendation_body(changed)
    event = Event("recommendation.closed", f"recommendation/{named}", changed.version)
    return Applied(200, ("recommendation", named), body, (event,), (changed,))
