"""How much a making takes, how many can be made of what there is, and which lots go in."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final, NamedTuple

from consumers.decisions.granting import Taken, Wanted, grant
from consumers.decisions.known import out_of_bounds
from consumers.decisions.registry import Ask
from ledger.book import Book
from ledger.making import Component, Recipe
from ledger.outcome import Rejected
from schemas.base import QUANTITY_BOUND, ZERO, shown
from schemas.commands.kits import NamedLot
from schemas.problems import (
    COMPONENT_RULE,
    INSUFFICIENT_STOCK,
    SERIAL_RULE,
    UNKNOWN_RECIPE,
    problem,
)

FINEST: Final = Decimal("0.000001")
ALL_THERE_IS: Final = Decimal(QUANTITY_BOUND)


def required(component: Component, makes: Decimal, made: Decimal) -> Decimal:
    """What so many take of a component: with its losses and set-up, in whole multiples."""
    if not made:
        return ZERO
    multiple = component.multiple or FINEST
    exact = _each(component, makes) * Fraction(made) + Fraction(component.setup)
    return _up(exact, multiple)


def plain(component: Component, makes: Decimal, made: Decimal) -> Decimal:
    """What so many hold of a component once they are made, without losses."""
    exact = Fraction(component.quantity) * Fraction(made) / Fraction(makes)
    return _up(exact, FINEST)


def _up(exact: Fraction, multiple: Decimal) -> Decimal:
    """The next whole multiple, without zeros behind it."""
    return Decimal(shown(ceil(exact / Fraction(multiple)) * multiple))


def makeable(component: Component, makes: Decimal, available: Decimal) -> int:
    """How many whole ones so much of a component is enough for."""
    multiple = component.multiple or FINEST
    whole = Fraction(available // multiple * multiple)
    return max(floor((whole - Fraction(component.setup)) / _each(component, makes)), 0)


def _each(component: Component, makes: Decimal) -> Fraction:
    lost = 1 + Fraction(component.attrition)
    return Fraction(component.quantity) * lost / Fraction(makes)


class Limit(NamedTuple):
    """How many can be made, and the component of which there is too little for more."""

    buildable: int
    limiting: str


def limit(components: Sequence[Component], makes: Decimal, available: dict[str, Decimal]) -> Limit:
    """How many can be made of what is available, by item. What is consumable limits nothing.

    Of components that limit alike the first is named.
    """
    limits = [
        Limit(makeable(component, makes, available.get(component.sku, ZERO)), component.sku)
        for component in components
        if not component.consumable
    ]
    return min(limits, key=lambda each: each.buildable)


class Pick(NamedTuple):
    """How much of which lot of a component goes in; `line` is the component's number."""

    line: int
    sku: str
    lot: str
    quantity: Decimal


class Picked(NamedTuple):
    """What goes in, what is missing of which component, and how many could be made."""

    parts: tuple[Pick, ...]
    short: list[dict[str, Any]]
    limit: Limit


class Making(NamedTuple):
    """What is to be made where: so many, of lots that somebody named or those that go first."""

    recipe: Recipe
    location: str
    made: Decimal
    use: Sequence[NamedLot] = ()
    shelf_life_days: int | None = None


def recipe_of(book: Book, ask: Ask, sku: str, kind: str | None = None) -> Recipe | Rejected:
    """The item's recipe, if it has one, and one of the kind that is wanted."""
    found = book.recipes.get((ask.tenant_id, sku))
    if found is None or kind not in (None, found.kind):
        said = f"/sku: {sku} has no recipe" + (f" as a {kind}" if kind and found else "")
        return Rejected(404, problem(UNKNOWN_RECIPE, said, sku=sku, pointer="/sku"))
    return _by_unit(found, ask, book) or found


def _by_unit(recipe: Recipe, ask: Ask, book: Book) -> Rejected | None:
    """Refuse to make what has serials, or of it: which units went into which, nobody could say."""
    stocked = (each.sku for each in recipe.components if not each.consumable)
    for sku in (recipe.sku, *stocked):
        if book.by_serial(ask.tenant_id, sku):
            said = f"/sku: {sku} is tracked by serial: issue its units to production by name"
            return Rejected(422, problem(SERIAL_RULE, said, sku=sku, pointer="/sku"))
    return None


def pick(making: Making, ask: Ask, book: Book, taken: Taken) -> Picked | Rejected:
    """Find what a making takes, and note it in `taken`; what is missing is told, not refused."""
    recipe = making.recipe
    refused = _misnamed(making)
    if refused:
        return refused
    parts: list[Pick] = []
    short: list[dict[str, Any]] = []
    available: dict[str, Decimal] = {}
    for number, component in enumerate(recipe.components, 1):
        if component.consumable:
            continue
        need = required(component, recipe.makes, making.made)
        refused = out_of_bounds(need, "/quantity")
        if refused:
            return refused
        levels = book.levels(ask.tenant_id, component.sku, making.location)
        every = Wanted(component.sku, making.location, ALL_THERE_IS, None, making.shelf_life_days)
        there = grant(every, ask.tenant_id, levels, dict(taken), book)
        available[component.sku] = ALL_THERE_IS - there.missing
        got = [
            grant(wish, ask.tenant_id, levels, taken, book)
            for wish in _wishes(component, need, making)
        ]
        parts += [
            Pick(number, component.sku, lot, quantity)
            for granted in got
            for lot, quantity in granted.parts
        ]
        missing = sum((granted.missing for granted in got), ZERO)
        if missing:
            short.append(_short(number, component.sku, making.location, need, missing))
    return Picked(_merged(parts), short, limit(recipe.components, recipe.makes, available))


def _wishes(component: Component, need: Decimal, making: Making) -> Iterator[Wanted]:
    """The lots that were named, and whatever else is needed from those that go first."""
    for named in making.use:
        if named.sku == component.sku:
            yield Wanted(named.sku, making.location, named.quantity, named.lot)
            need -= named.quantity
    if need > ZERO:
        yield Wanted(component.sku, making.location, need, None, making.shelf_life_days)


def _merged(parts: Sequence[Pick]) -> tuple[Pick, ...]:
    """Each lot once."""
    merged: dict[tuple[int, str, str], Decimal] = {}
    for line, sku, lot, quantity in parts:
        merged[line, sku, lot] = merged.get((line, sku, lot), ZERO) + quantity
    return tuple(Pick(*key, quantity) for key, quantity in merged.items())


def _misnamed(making: Making) -> Rejected | None:
    """Refuse named lots of what does not go in, or of more than does."""
    recipe = making.recipe
    left = {
        component.sku: required(component, recipe.makes, making.made)
        for component in recipe.components
        if not component.consumable
    }
    for index, named in enumerate(making.use):
        if named.sku not in left:
            return not_a_component(recipe.sku, named.sku, f"/use/{index}/sku")
        left[named.sku] -= named.quantity
        if left[named.sku] < ZERO:
            at = f"/use/{index}/quantity"
            said = f"{at}: more of {named.sku} than {shown(making.made)} of {recipe.sku} take"
            return Rejected(422, problem(COMPONENT_RULE, said, sku=named.sku, pointer=at))
    return None


def not_a_component(made: str, sku: str, pointer: str) -> Rejected:
    """Refuse an item that a recipe does not name."""
    said = f"{pointer}: {made} is not made of {sku}"
    return Rejected(422, problem(COMPONENT_RULE, said, sku=sku, pointer=pointer))


def _short(number: int, sku: str, location: str, need: Decimal, missing: Decimal) -> dict[str, Any]:
    return {
        "line": number,
        "sku": sku,
        "location": location,
        "lot": None,
        "requested": shown(need),
        "available": shown(need - missing),
    }


def cannot_make(making: Making, picked: Picked) -> Rejected:
    """Refuse to make more than can be made, naming the component that limits it."""
    sku, (buildable, limiting) = making.recipe.sku, picked.limit
    short = next((line for line in picked.short if line["sku"] == limiting), picked.short[0])
    said = (
        f"{sku} at {making.location}: {shown(making.made)} requested, {buildable} can be made; "
        f"of {short['sku']} {short['requested']} are needed, {short['available']} available"
    )
    members = {"lines": picked.short, "sku": sku, "buildable": buildable, "limiting": limiting}
    return Rejected(409, problem(INSUFFICIENT_STOCK, said, **members))
