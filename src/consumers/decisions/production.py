"""What production commands mean: an order reserves what it needs, uses it, and makes something."""

from collections import defaultdict
from decimal import Decimal

from consumers.decisions.building import Making, Pick, cannot_make, pick, recipe_of
from consumers.decisions.granting import Taken, insufficient
from consumers.decisions.known import lot_rule, out_of_bounds, unknown_place
from consumers.decisions.labels import Lots, describe, described, lot_events
from consumers.decisions.linking import link_events, links_between
from consumers.decisions.lots import lot_body
from consumers.decisions.passing_on import pass_on
from consumers.decisions.production_body import changed, variances
from consumers.decisions.registry import Ask, Needs, decides
from consumers.decisions.shares import all_left, reduced, shared
from consumers.decisions.using import Used, noted, use
from ledger.book import Book
from ledger.level import NO_LOT, LevelKey
from ledger.making import Input, Output, Production
from ledger.outcome import PRODUCTION, SCRAP, Commitment, Movement, Outcome, Rejected
from schemas.base import ZERO
from schemas.commands.production import (
    CancelProduction,
    CompleteProduction,
    ConsumeProduction,
    ProduceProduction,
    StartProduction,
)
from schemas.problems import PRODUCTION_ENDED, PRODUCTION_MADE, UNKNOWN_PRODUCTION, problem

OnProduction = ConsumeProduction | ProduceProduction | CompleteProduction | CancelProduction


def _plan(command: StartProduction, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))
    needs.places.add((tenant_id, command.sku, command.location))
    needs.kits.add((tenant_id, command.sku, command.location))


def _order(command: OnProduction, tenant_id: str, needs: Needs) -> None:
    needs.productions.add((tenant_id, command.production_id))
    needs.genealogy = True


def _made(command: ProduceProduction, tenant_id: str, needs: Needs) -> None:
    _order(command, tenant_id, needs)
    needs.made.update(
        (tenant_id, command.production_id, line.lot)
        for line in command.lines
        if line.lot is not None
    )


@decides(StartProduction, needs=_plan)
def start_production(command: StartProduction, ask: Ask, book: Book) -> Outcome:
    """Reserve what the recipe asks for; the order keeps the recipe as it is now."""
    refused = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    if refused:
        return refused
    recipe = recipe_of(book, ask, command.sku)
    if isinstance(recipe, Rejected):
        return recipe
    making = Making(recipe, command.location, command.quantity, command.use)
    picked = pick(making, ask, book, {})
    if isinstance(picked, Rejected):
        return picked
    if picked.short and not (command.allow_partial and picked.parts):
        return cannot_make(making, picked)
    order = Production(
        ask.tenant_id,
        f"prd-{ask.new_id}",
        command.sku,
        command.location,
        "open",
        command.quantity,
        recipe.makes,
        recipe.components,
        recipe.version,
        tuple(Input(*part) for part in picked.parts),
        (),
        command.reference,
        None,
        book.at,
        1,
    )
    return changed("production.started", order, commitments=_reserved(picked.parts, command))


def _reserved(parts: tuple[Pick, ...], command: StartProduction) -> tuple[Commitment, ...]:
    return tuple(Commitment(part.sku, command.location, part.lot, part.quantity) for part in parts)


@decides(ConsumeProduction, needs=_order)
def consume_production(command: ConsumeProduction, ask: Ask, book: Book) -> Outcome:
    """Take what was used, and what went to waste, out of stock: all lines or none."""
    order = _open(command, ask, book)
    if isinstance(order, Rejected):
        return order
    taken: Taken = {}
    all_used: list[Used] = []
    short = []
    for index, line in enumerate(command.lines):
        used = use(order, index, line, ask, book, taken)
        if isinstance(used, Rejected):
            return used
        order = noted(order, used.parts)
        all_used += used.parts
        short += used.short
    if short:
        return insufficient(short)
    named = order.production_id
    links = links_between(
        ask,
        named,
        _new_parents(all_used, command, ask, book),
        [(order.sku, output.lot) for output in order.outputs],
    )
    return changed(
        "production.consumed",
        order._replace(version=order.version + 1),
        commitments=tuple(
            Commitment(each.sku, order.location, each.lot, -each.drawn)
            for each in all_used
            if each.drawn
        ),
        movements=(
            *_movements(order, [(*each[1:3], each.used) for each in all_used], PRODUCTION),
            *_movements(order, [(*each[1:3], each.wasted) for each in all_used], SCRAP),
        ),
        documents=links,
        events=link_events(ask, named, links),
    )


def _new_parents(
    used: list[Used], command: ConsumeProduction, ask: Ask, book: Book
) -> list[tuple[str, str]]:
    """What the order had not used before."""
    before = book.productions[ask.tenant_id, command.production_id]
    known = {(each.sku, each.lot) for each in before.inputs if each.used}
    return [
        (each.sku, each.lot) for each in used if each.used and (each.sku, each.lot) not in known
    ]


@decides(ProduceProduction, needs=_made)
def produce_production(command: ProduceProduction, ask: Ask, book: Book) -> Outcome:
    """Take what was made into stock. What was made of a recalled lot is recalled as well."""
    order = _open(command, ask, book)
    if isinstance(order, Rejected):
        return order
    lots: Lots = {}
    made: defaultdict[str, Decimal] = defaultdict(Decimal)
    for index, line in enumerate(command.lines):
        at, lot = f"/lines/{index}", line.lot or NO_LOT
        made[lot] += line.quantity
        level = book.level(ask.tenant_id, order.sku, order.location, lot)
        refused = (
            lot_rule(book, ask.tenant_id, order.sku, line.lot, at)
            or describe(line, (order.sku, line.lot), at, ask, book, lots)
            or out_of_bounds(level.on_hand + made[lot], f"{at}/quantity")
        )
        if refused:
            return refused
    pass_on(order, made, ask, book, lots)
    known = {output.lot: output.quantity for output in order.outputs}
    parents = [(each.sku, each.lot) for each in order.inputs if each.used]
    children = [(order.sku, lot) for lot in made if lot not in known]
    links = links_between(ask, order.production_id, parents, children)
    told = described(lots, book)
    total = {lot: known.get(lot, ZERO) + made.get(lot, ZERO) for lot in {**known, **made}}
    return changed(
        "production.produced",
        order._replace(
            outputs=tuple(Output(*each) for each in total.items()), version=order.version + 1
        ),
        movements=tuple(
            Movement(
                order.sku, lot, (), PRODUCTION, order.location, quantity, None, "production",
                order.production_id,
            )
            for lot, quantity in made.items()
        ),
        documents=(*told, *links),
        events=(*lot_events(told, book), *link_events(ask, order.production_id, links)),
        more={"lots": [lot_body(lot) for lot in told]},
    )  # fmt: skip


@decides(CompleteProduction, needs=_order)
def complete_production(command: CompleteProduction, ask: Ask, book: Book) -> Outcome:
    """Give back what was reserved and not used, and say how the recipe compares with what was."""
    order = _open(command, ask, book)
    if isinstance(order, Rejected):
        return order
    ended, freed = _freed(order, "completed")
    return changed(
        "production.completed",
        ended,
        commitments=freed,
        more={"variances": variances(ended)},
    )


@decides(CancelProduction, needs=_order)
def cancel_production(command: CancelProduction, ask: Ask, book: Book) -> Outcome:
    """Give an order up that made nothing; what it used comes back, what was wasted does not."""
    order = _open(command, ask, book)
    if isinstance(order, Rejected):
        return order
    if order.outputs:
        said = f"production order {order.production_id} has made something: complete it"
        return Rejected(409, problem(PRODUCTION_MADE, said))
    back: defaultdict[LevelKey, Decimal] = defaultdict(Decimal)
    for each in order.inputs:
        level = book.level(ask.tenant_id, each.sku, order.location, each.lot)
        back[level.key] += each.used
        refused = out_of_bounds(level.on_hand + back[level.key], "/production_id")
        if refused:
            return refused
    ended, freed = _freed(order, "cancelled")
    inputs = tuple(each._replace(returned=each.used) for each in ended.inputs)
    return changed(
        "production.cancelled",
        ended._replace(inputs=inputs, reason=command.reason),
        commitments=freed,
        movements=tuple(
            Movement(
                each.sku, each.lot, (), PRODUCTION, order.location, each.used, None,
                "production cancelled", order.production_id,
            )
            for each in inputs
            if each.used
        ),
    )  # fmt: skip


def _freed(order: Production, status: str) -> tuple[Production, tuple[Commitment, ...]]:
    """The order as it ends, and what it does not keep reserved any more."""
    left = all_left(order.inputs)
    freed = tuple(
        Commitment(each.sku, order.location, each.lot, -quantity)
        for each, quantity in shared(order.inputs, left)
    )
    inputs = reduced(order.inputs, left, "released")
    return order._replace(status=status, inputs=inputs, version=order.version + 1), freed


def _movements(
    order: Production, parts: list[tuple[str, str, Decimal]], to: str
) -> tuple[Movement, ...]:
    why = "production" if to == PRODUCTION else "production waste"
    return tuple(
        Movement(sku, lot, (), order.location, to, quantity, None, why, order.production_id)
        for sku, lot, quantity in parts
        if quantity
    )


def _open(command: OnProduction, ask: Ask, book: Book) -> Production | Rejected:
    """The order, if it has not ended."""
    found = book.productions.get((ask.tenant_id, command.production_id))
    if found is None:
        said = f"/production_id: there is no production order {command.production_id}"
        return Rejected(404, problem(UNKNOWN_PRODUCTION, said, pointer="/production_id"))
    if found.status != "open":
        said = f"production order {found.production_id} is {found.status}"
        return Rejected(409, problem(PRODUCTION_ENDED, said, production_status=found.status))
    return found
