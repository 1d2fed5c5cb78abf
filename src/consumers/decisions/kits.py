"""What kit commands mean: components become a kit, and a kit becomes its components again."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from consumers.decisions.building import (
    Making,
    cannot_make,
    not_a_component,
    pick,
    plain,
    recipe_of,
)
from consumers.decisions.granting import Wanted, grant, insufficient, short_line
from consumers.decisions.known import lot_rule, out_of_bounds, unknown_item, unknown_place
from consumers.decisions.labels import Lots, describe, described, lot_events
from consumers.decisions.linking import Stock, link_events, links_between
from consumers.decisions.lots import lot_body
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.documents import Lot
from ledger.level import NO_LOT, LevelKey
from ledger.making import Recipe
from ledger.outcome import PRODUCTION, SCRAP, Applied, Event, Movement, Outcome, Rejected
from schemas.base import ZERO, shown
from schemas.commands.kits import AssembleKit, DisassembleKit, TakenOut
from schemas.problems import COMPONENT_RULE, WHOLE_UNITS, problem

OnKit = AssembleKit | DisassembleKit


class Part(NamedTuple):
    """How much of one lot went in or came out, and what was scrapped beside that."""

    sku: str
    lot: str
    quantity: Decimal
    scrapped: Decimal = ZERO

    @property
    def stock(self) -> Stock:
        """Which stock it is."""
        return self.sku, self.lot


class Done(NamedTuple):
    """What became of kits: the kits and the parts, each lot for itself, and the lots described."""

    event: str
    recipe: Recipe
    kits: Sequence[Part]
    parts: Sequence[Part]
    movements: tuple[Movement, ...]
    lots: tuple[Lot, ...] = ()


def _kit(command: OnKit, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.locations.add((tenant_id, command.location))
    needs.places.add((tenant_id, command.sku, command.location))
    needs.kits.add((tenant_id, command.sku, command.location))
    needs.genealogy = True
    if command.lot is not None:
        needs.lots.add((tenant_id, command.sku, command.lot))


@decides(AssembleKit, needs=_kit)
def assemble_kit(command: AssembleKit, ask: Ask, book: Book) -> Outcome:
    """Take the components out of stock and the kits in, at one place and in one go."""
    lots: Lots = {}
    recipe = _recipe(command, ask, book)
    if isinstance(recipe, Rejected):
        return recipe
    level = book.level(ask.tenant_id, command.sku, command.location, command.lot or NO_LOT)
    refused = (
        lot_rule(book, ask.tenant_id, command.sku, command.lot)
        or describe(command, (command.sku, command.lot), "", ask, book, lots)
        or out_of_bounds(level.on_hand + command.quantity, "/quantity")
    )
    if refused:
        return refused
    making = Making(recipe, command.location, command.quantity, command.use)
    picked = pick(making, ask, book, {})
    if isinstance(picked, Rejected):
        return picked
    if picked.short:
        return cannot_make(making, picked)
    parts = [Part(sku, lot, quantity) for _, sku, lot, quantity in picked.parts]
    kits = [Part(command.sku, command.lot or NO_LOT, command.quantity)]
    moved = (
        *_moved(parts, (command.location, PRODUCTION), ask),
        *_moved(kits, (PRODUCTION, command.location), ask),
    )
    done = Done("kit.assembled", recipe, kits, parts, moved, described(lots, book))
    return _applied(command, done, ask, book)


@decides(DisassembleKit, needs=_kit)
def disassemble_kit(command: DisassembleKit, ask: Ask, book: Book) -> Outcome:
    """Take the kits out of stock and their components in; what is broken goes to scrap."""
    recipe = _recipe(command, ask, book)
    if isinstance(recipe, Rejected):
        return recipe
    if command.lot is not None:
        refused = lot_rule(book, ask.tenant_id, command.sku, command.lot)
        if refused:
            return refused
    wish = Wanted(command.sku, command.location, command.quantity, command.lot)
    levels = book.levels(ask.tenant_id, command.sku, command.location)
    granted = grant(wish, ask.tenant_id, levels, {}, book)
    if granted.missing:
        return insufficient([short_line(1, wish, granted)])
    parts = _taken_out(command, recipe, ask, book)
    if isinstance(parts, Rejected):
        return parts
    kits = [Part(command.sku, lot, quantity) for lot, quantity in granted.parts]
    moved = (
        *_moved(kits, (command.location, PRODUCTION), ask),
        *_moved(parts, (PRODUCTION, command.location), ask),
        *_moved(
            [part._replace(quantity=part.scrapped) for part in parts], (PRODUCTION, SCRAP), ask
        ),
    )
    return _applied(command, Done("kit.disassembled", recipe, kits, parts, moved), ask, book)


def _recipe(command: OnKit, ask: Ask, book: Book) -> Recipe | Rejected:
    """What the kits are made of; only whole ones are."""
    refused = unknown_place(book, ask.tenant_id, command.sku, command.location, "")
    if refused:
        return refused
    if command.quantity % 1:
        return not_whole(command.sku, "/quantity")
    return recipe_of(book, ask, command.sku, "kit")


def not_whole(sku: str, pointer: str) -> Rejected:
    """Refuse a part of a kit."""
    said = f"{pointer}: {sku} is a kit: there are only whole ones"
    return Rejected(422, problem(WHOLE_UNITS, said, sku=sku, pointer=pointer))


def _taken_out(
    command: DisassembleKit, recipe: Recipe, ask: Ask, book: Book
) -> list[Part] | Rejected:
    """The components as somebody found them, never more than went in; or all of them, whole."""
    holds = {
        component.sku: plain(component, recipe.makes, command.quantity)
        for component in recipe.components
        if not component.consumable
    }
    found = command.components or [
        TakenOut(sku=sku, quantity=quantity) for sku, quantity in holds.items()
    ]
    coming: defaultdict[LevelKey, Decimal] = defaultdict(Decimal)
    for index, out in enumerate(found):
        at = f"/components/{index}"
        if out.sku not in holds:
            return not_a_component(command.sku, out.sku, f"{at}/sku")
        holds[out.sku] -= out.quantity + out.scrapped
        level = book.level(ask.tenant_id, out.sku, command.location, out.lot or NO_LOT)
        coming[level.key] += out.quantity
        refused = (
            unknown_item(book, ask.tenant_id, out.sku, at)
            or lot_rule(book, ask.tenant_id, out.sku, out.lot, at)
            or (_too_much(command, out.sku, f"{at}/quantity") if holds[out.sku] < ZERO else None)
            or out_of_bounds(level.on_hand + coming[level.key], f"{at}/quantity")
        )
        if refused:
            return refused
    return [Part(out.sku, out.lot or NO_LOT, out.quantity, out.scrapped) for out in found]


def _too_much(command: DisassembleKit, sku: str, at: str) -> Rejected:
    said = f"{at}: {shown(command.quantity)} of {command.sku} do not hold so much of {sku}"
    return Rejected(422, problem(COMPONENT_RULE, said, sku=sku, pointer=at))


def _moved(parts: Sequence[Part], ends: tuple[str, str], ask: Ask) -> tuple[Movement, ...]:
    return tuple(
        Movement(part.sku, part.lot, (), *ends, part.quantity, None, "kit", f"kit-{ask.new_id}")
        for part in parts
        if part.quantity
    )


def _applied(command: OnKit, done: Done, ask: Ask, book: Book) -> Applied:
    named = f"kit-{ask.new_id}"
    ends = [part.stock for part in done.kits], [part.stock for part in done.parts if part.quantity]
    assembled = done.event == "kit.assembled"
    links = links_between(ask, named, *(reversed(ends) if assembled else ends))
    return Applied(
        201,
        ("kit", named),
        _body(named, command, done, book),
        (
            Event(done.event, f"kit/{named}", 1),
            *lot_events(done.lots, book),
            *link_events(ask, named, links),
        ),
        (*done.lots, *links),
        done.movements,
    )


def _body(named: str, command: OnKit, done: Done, book: Book) -> dict[str, Any]:
    return {
        "kit_id": named,
        "sku": command.sku,
        "location": command.location,
        "quantity": shown(command.quantity),
        "recipe_version": done.recipe.version,
        "reference": command.reference,
        "kits": [{"lot": kit.lot or None, "quantity": shown(kit.quantity)} for kit in done.kits],
        "components": [
            {
                "sku": part.sku,
                "lot": part.lot or None,
                "quantity": shown(part.quantity),
                "scrapped": shown(part.scrapped),
            }
            for part in done.parts
        ],
        "lots": [lot_body(lot) for lot in done.lots],
        "created_at": book.at,
    }
