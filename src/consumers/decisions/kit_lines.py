"""Lines of reservations that ask for kits: their components are promised, whole kits at a time."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Any, NamedTuple

from consumers.decisions.building import FINEST, Making, Picked, pick, recipe_of
from consumers.decisions.granting import Taken
from consumers.decisions.kits import not_whole
from consumers.decisions.registry import Ask
from ledger.book import Book
from ledger.documents import Reservation, ReservationLine
from ledger.level import NO_LOT
from ledger.making import Recipe
from ledger.outcome import Rejected
from schemas.base import ZERO, shown
from schemas.commands.lines import LINES_MAX, PartOfLine
from schemas.commands.reservations import WantedLine
from schemas.problems import COMPONENT_RULE, LOT_RULE, RESERVATION_HOLDS_LESS, problem

Kit = dict[str, Any]
"""A kit line as results, events and the ledger have it."""


class Promised(NamedTuple):
    """What a kit line was promised: the lines of its components, and what it is short of."""

    kit: Kit
    lines: list[ReservationLine]
    short: list[dict[str, Any]]

    def put(
        self, lines: list[ReservationLine], kits: list[Kit], short: list[dict[str, Any]]
    ) -> None:
        """Put it behind what the lines before were promised."""
        lines += self.lines
        kits.append(self.kit)
        short += self.short


def promise_kit(  # a line, and all that it depends on
    wishes: Sequence[WantedLine],
    number: int,
    kits: Sequence[Kit],
    ask: Ask,
    book: Book,
    taken: Taken,
) -> Promised | Rejected:
    """Promise the components of as many whole kits as there are, at most of those asked for.

    Their lines are numbered behind those of the command, so that each has a number of its own.
    """
    wanted, at = wishes[number - 1], f"/lines/{number - 1}"
    recipe = recipe_of(book, ask, wanted.sku, "kit")
    if isinstance(recipe, Rejected):
        return recipe
    if wanted.quantity % 1:
        return not_whole(wanted.sku, f"{at}/quantity")
    first = len(wishes) + sum(len(kit["parts"]) for kit in kits) + 1
    if first + len(recipe.components) > LINES_MAX:
        said = f"{at}: the components of the kits come to more than {LINES_MAX} lines"
        return Rejected(422, problem(COMPONENT_RULE, said, sku=wanted.sku, pointer=at))
    picked = _picked(recipe, wanted, ask, book, taken)
    if isinstance(picked, Rejected):
        return picked
    count, got = picked
    lines = _lines(recipe, wanted, first, got)
    kit = {
        "line": number,
        "sku": wanted.sku,
        "location": wanted.location,
        "quantity": shown(wanted.quantity),
        "left": shown(count),
        "parts": sorted({line.line for line in lines}),
    }
    short = [] if count == wanted.quantity else [_short(number, wanted, count, got)]
    return Promised(kit, lines, short)


def _picked(
    recipe: Recipe, wanted: WantedLine, ask: Ask, book: Book, taken: Taken
) -> tuple[Decimal, Picked] | Rejected:
    """How many kits there are the components for, and those; noted in `taken`."""
    making = Making(
        recipe, wanted.location, wanted.quantity, shelf_life_days=wanted.shelf_life_days
    )
    scratch = dict(taken)
    picked = pick(making, ask, book, scratch)
    if isinstance(picked, Rejected):
        return picked
    count = wanted.quantity
    if picked.short:
        count, scratch = Decimal(picked.limit.buildable), dict(taken)
        fewer = pick(making._replace(made=count), ask, book, scratch)
        if isinstance(fewer, Rejected):
            return fewer
        picked = picked._replace(parts=fewer.parts)
    taken.update(scratch)
    return count, picked


def _lines(recipe: Recipe, wanted: WantedLine, first: int, picked: Picked) -> list[ReservationLine]:
    """The components as they were granted: each once for each lot, or once with nothing."""
    lines: list[ReservationLine] = []
    for number, component in enumerate(recipe.components, 1):
        if component.consumable:
            continue
        parts = [part for part in picked.parts if part.line == number]
        needed = sum((part.quantity for part in parts), ZERO)
        granted = [(part.lot, part.quantity) for part in parts] or [(NO_LOT, ZERO)]
        lines += [
            ReservationLine(
                first + number - 1,
                component.sku,
                wanted.location,
                lot,
                wanted.channel,
                needed,
                quantity,
            )
            for lot, quantity in granted
        ]
    return lines


def _short(number: int, wanted: WantedLine, count: Decimal, picked: Picked) -> dict[str, Any]:
    """A kit line of an `insufficient-stock` problem: how many there are, and what limits them."""
    return {
        "line": number,
        "sku": wanted.sku,
        "location": wanted.location,
        "lot": None,
        "requested": shown(wanted.quantity),
        "available": shown(count),
        "limiting": picked.limit.limiting,
        "components": picked.short,
    }


def opened(
    found: Reservation, parts: Sequence[PartOfLine]
) -> tuple[Reservation, list[PartOfLine]] | Rejected:
    """The parts of a command with those of kit lines said by component, and the kits left then.

    So many of the kits that are left are as large a share of what is left of each component.
    """
    kits = {kit["line"]: kit for kit in found.kits}
    plain: list[PartOfLine] = []
    for at, part in enumerate(parts):
        kit = kits.get(part.line)
        if kit is None:
            plain.append(part)
            continue
        if part.lot is not None:
            said = (
                f"/lines/{at}/lot: line {part.line} is of kits: name lots of its components' lines"
            )
            return Rejected(422, problem(LOT_RULE, said, pointer=f"/lines/{at}/lot"))
        left = Decimal(kit["left"])
        if part.quantity > left or part.quantity % 1:
            said = f"/lines/{at}: line {part.line} holds {kit['left']} whole kits"
            return Rejected(409, problem(RESERVATION_HOLDS_LESS, said, pointer=f"/lines/{at}"))
        plain += _shares(found, kit, part.quantity, left, plain)
        kits[part.line] = {**kit, "left": shown(left - part.quantity)}
    return found._replace(kits=tuple(kits.values())), plain


def _shares(
    found: Reservation, kit: Kit, count: Decimal, of: Decimal, before: list[PartOfLine]
) -> list[PartOfLine]:
    """So many kits' share of each component, what the command named before left out."""
    shares: list[PartOfLine] = []
    for number in kit["parts"]:
        left = sum((line.left for line in found.lines if line.line == number), ZERO)
        left -= sum((part.quantity for part in before if part.line == number), ZERO)
        take = left if count == of else ceil(left * count / of / FINEST) * FINEST
        if take > ZERO:
            shares.append(PartOfLine(line=number, quantity=min(take, left)))
    return shares


def kits_after(kits: Sequence[Kit], lines: Sequence[ReservationLine]) -> tuple[Kit, ...]:
    """The kits as they are: none is left where nothing of its components is."""
    holding = {line.line for line in lines if line.left}
    return tuple(
        kit if holding.intersection(kit["parts"]) else {**kit, "left": "0"} for kit in kits
    )
