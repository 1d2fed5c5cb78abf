"""What policy commands mean: how much an item may be promised and dispatched beyond what is there."""

from typing import Any

from consumers.decisions.known import unknown_item, unknown_place
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.level import Level
from ledger.outcome import Applied, Event, Outcome, Rejected
from ledger.rules import EVERYWHERE, Policy, Rules, effective
from schemas.base import ZERO, shown
from schemas.commands.policies import SetPolicy
from schemas.problems import POLICY_IN_USE, POLICY_RULE, problem


def _policies(command: SetPolicy, tenant_id: str, needs: Needs) -> None:
    """Its balances too: they keep the limits, and whoever promises has locked them."""
    needs.items.add((tenant_id, command.sku))
    needs.policies_of.add((tenant_id, command.sku))
    if command.location is None:
        needs.wherever.add((tenant_id, command.sku))
    else:
        needs.places.add((tenant_id, command.sku, command.location))
        needs.locations.add((tenant_id, command.location))


@decides(SetPolicy, needs=_policies)
def set_policy(command: SetPolicy, ask: Ask, book: Book) -> Outcome:
    """Set what holds, unless what has happened already goes beyond it."""
    refused = _refused(command, ask, book)
    if refused:
        return refused
    key = (ask.tenant_id, command.sku, command.location or EVERYWHERE)
    old, buffers = book.policies.get(key), command.buffers
    policy = Policy(
        *key,
        command.backorder_limit,
        command.negative_limit,
        command.shelf_life_days,
        None if buffers is None else tuple((each.channel, each.quantity) for each in buffers),
        version=old.version + 1 if old else 1,
    )
    refused = _in_use(policy, book)
    if refused:
        return refused
    subject = policy.sku if command.location is None else f"{policy.sku}/{command.location}"
    return Applied(
        200 if old else 201,
        ("policy", subject),
        policy_body(policy),
        (Event("policy.changed", f"policy/{subject}", policy.version),),
        (policy,),
    )


def _refused(command: SetPolicy, ask: Ask, book: Book) -> Rejected | None:
    """Refuse what names nothing, and limits where each unit of stock has a lot or number."""
    if command.location is None:
        unknown = unknown_item(book, ask.tenant_id, command.sku, "")
    else:
        unknown = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    if unknown:
        return unknown
    track_by = book.items[ask.tenant_id, command.sku].track_by
    for name in ("backorder_limit", "negative_limit"):
        if getattr(command, name) and track_by != "none":
            said = f"/{name}: {command.sku} is tracked by {track_by}: what is not there has none"
            members = {"sku": command.sku, "pointer": f"/{name}"}
            return Rejected(422, problem(POLICY_RULE, said, **members))
    return None


def _in_use(policy: Policy, book: Book) -> Rejected | None:
    """Refuse a limit below what is promised or dispatched beyond it already, naming the place."""
    for level in sorted(levels_under(policy, book), key=lambda level: level.key):
        rules = rules_with(policy, level.key.location, book)
        beyond = max(-(max(level.on_hand, ZERO) - level.reserved - level.held), ZERO)
        below = max(-level.on_hand, ZERO)
        for name, used in (("backorder_limit", beyond), ("negative_limit", below)):
            if used > getattr(rules, name):
                at = level.key.location
                said = f"/{name}: {shown(used)} of {policy.sku} at {at} is beyond it already"
                members = {"location": at, "used": shown(used), "pointer": f"/{name}"}
                return Rejected(409, problem(POLICY_IN_USE, said, **members))
    return None


def levels_under(policy: Policy, book: Book) -> list[Level]:
    """The levels that a policy may bear on."""
    return [
        level
        for (tenant_id, sku, location), levels in book.places.items()
        if (tenant_id, sku) == policy.key[:2] and policy.location in (EVERYWHERE, location)
        for level in levels.values()
    ]


def rules_with(policy: Policy, location: str, book: Book) -> Rules:
    """What will hold at a location once the policy does."""
    tenant_id, sku, at = policy.key
    if at != EVERYWHERE:
        return effective(policy, book.policies.get((tenant_id, sku, EVERYWHERE)))
    return effective(book.policies.get((tenant_id, sku, location)), policy)


def policy_body(policy: Policy) -> dict[str, Any]:
    """A policy as results and events show it."""
    limits = {
        name: None if getattr(policy, name) is None else shown(getattr(policy, name))
        for name in ("backorder_limit", "negative_limit")
    }
    return {
        "sku": policy.sku,
        "location": policy.location or None,
        **limits,
        "shelf_life_days": policy.shelf_life_days,
        "buffers": policy.told_buffers,
        "version": policy.version,
    }
