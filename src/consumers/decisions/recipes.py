"""What recipe commands mean: an item is made of others, and never, over any detour, of itself."""

from typing import Any

from consumers.decisions.known import unknown_item
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.making import Component, Recipe
from ledger.outcome import Applied, Event, Outcome, Rejected
from schemas.base import shown
from schemas.commands.recipes import UpsertRecipe
from schemas.problems import RECIPE_CYCLE, WHOLE_UNITS, problem


def _recipes(command: UpsertRecipe, tenant_id: str, needs: Needs) -> None:
    named = {(tenant_id, component.sku) for component in command.components}
    named.add((tenant_id, command.sku))
    needs.items.update(named)
    needs.recipes.update(named)
    stated = needs.stated.setdefault((tenant_id, command.sku), set())
    stated.update(component.sku for component in command.components)


@decides(UpsertRecipe, needs=_recipes)
def upsert_recipe(command: UpsertRecipe, ask: Ask, book: Book) -> Outcome:
    """Say what an item is made of."""
    refused = unknown_item(book, ask.tenant_id, command.sku, "")
    for index, component in enumerate(command.components):
        at = f"/components/{index}"
        refused = (
            refused
            or unknown_item(book, ask.tenant_id, component.sku, at)
            or _not_whole(command, index, ask, book)
            or _cycle(command.sku, component.sku, at, ask, book)
        )
    if refused:
        return refused
    old = book.recipes.get((ask.tenant_id, command.sku))
    recipe = Recipe(
        ask.tenant_id,
        command.sku,
        command.kind,
        command.makes,
        tuple(
            Component(
                each.sku,
                each.quantity,
                each.attrition,
                each.setup,
                each.multiple,
                each.consumable,
            )
            for each in command.components
        ),
        old.version + 1 if old else 1,
    )
    return Applied(
        200 if old else 201,
        ("recipe", recipe.sku),
        recipe_body(recipe),
        (Event("recipe.upserted", f"recipe/{recipe.sku}", recipe.version),),
        (recipe,),
    )


def _not_whole(command: UpsertRecipe, index: int, ask: Ask, book: Book) -> Rejected | None:
    """Refuse a part of what exists only as single pieces."""
    component = command.components[index]
    pieces = book.items[ask.tenant_id, component.sku].track_by == "serial"
    if not pieces or component.quantity % 1 == 0:
        return None
    at = f"/components/{index}/quantity"
    said = f"{at}: {component.sku} is tracked by serial, in whole numbers"
    return Rejected(422, problem(WHOLE_UNITS, said, sku=component.sku, pointer=at))


def _cycle(made: str, component: str, at: str, ask: Ask, book: Book) -> Rejected | None:
    """Refuse a component that is made, over however many recipes, of what it would go into."""
    path = _path(component, made, ask, book)
    if path is None:
        return None
    named = [made, *path]
    said = f"{at}/sku: {made} would be made of itself: {' -> '.join(named)}"
    members = {"sku": component, "pointer": f"{at}/sku", "path": named}
    return Rejected(422, problem(RECIPE_CYCLE, said, **members))


def _path(sku: str, goal: str, ask: Ask, book: Book) -> list[str] | None:
    """The way down from an item's recipe to the goal; each item is looked at once."""
    if sku == goal:
        return [sku]
    waiting, seen = [[sku]], {sku}
    while waiting:
        path = waiting.pop()
        recipe = book.recipes.get((ask.tenant_id, path[-1]))
        for component in recipe.components if recipe else ():
            if component.sku == goal:
                return [*path, goal]
            if component.sku not in seen:
                seen.add(component.sku)
                waiting.append([*path, component.sku])
    return None


def recipe_body(recipe: Recipe) -> dict[str, Any]:
    """A recipe as results and events show it."""
    return {
        "sku": recipe.sku,
        "kind": recipe.kind,
        "makes": shown(recipe.makes),
        "components": [component.shown() for component in recipe.components],
        "version": recipe.version,
    }
