"""How a wish finds its stock: lot by lot, what the wishes before it have taken left out."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from consumers.decisions.fefo import Choice, Wish, choose
from ledger.book import Book
from ledger.level import NO_LOT, Level, LevelKey
from ledger.outcome import Rejected
from schemas.base import ZERO, shown
from schemas.problems import INSUFFICIENT_STOCK, problem

Taken = dict[LevelKey, Decimal]
"""What earlier wishes of the same command have taken of each level."""


class Wanted(NamedTuple):
    """A wish for stock, of a command whose lines ask for nothing but it."""

    sku: str
    location: str
    quantity: Decimal
    lot: str | None
    shelf_life_days: int | None = None


class Promise(NamedTuple):
    """How a promise is made: of whole packs, and so that a channel leaves its buffer alone."""

    pack: Decimal = ZERO
    """In base units; of each lot at each place only whole multiples. Zero: any quantity."""


ANY_QUANTITY: Final = Promise()


class Granted(NamedTuple):
    """What a wish gets: how much of which lots, what is missing, and how its lots were chosen."""

    parts: list[tuple[str, Decimal]]
    missing: Decimal
    choice: Choice


def grant(
    wish: Wish,
    tenant_id: str,
    levels: Mapping[str, Level],
    taken: Taken,
    book: Book,
    *,
    unusable_too: bool = False,
    promise: Promise | None = None,
) -> Granted:
    """Take what is wished for from the levels at its place, and note it in `taken`.

    `unusable_too` takes of a lot that is named though it may not be used. A `promise` may go
    beyond what is there, as far as the item allows; what leaves lies there and is free.
    """
    choice = choose(wish, tenant_id, levels, taken, book, unusable_too=unusable_too)
    parts: list[tuple[str, Decimal]] = []
    left = wish.quantity
    for lot in choice.order:
        level = levels.get(lot)
        if level is None:
            continue
        before = taken.get(level.key, ZERO)
        take = min((level.available if promise else level.free) - before, left)
        if promise and promise.pack:
            take -= take % promise.pack
        if take > ZERO:
            taken[level.key] = before + take
            parts.append((lot, take))
            left -= take
            if not left:
                break
    return Granted(parts, left, choice)


def overdrawn(wish: Wish, granted: Granted, tenant_id: str, taken: Taken, book: Book) -> Granted:
    """Take what is missing though the books have none of it, as far below zero as the policy allows.

    All that lies there must have been for nobody: what is promised or held does not leave so.
    """
    level = book.level(tenant_id, wish.sku, wish.location, NO_LOT)
    before = taken.get(level.key, ZERO)
    after = level.on_hand - before - granted.missing
    committed = level.reserved + level.held
    if after < -level.negative_limit or committed - max(after, ZERO) > level.backorder_limit:
        return granted
    taken[level.key] = before + granted.missing
    return Granted([(NO_LOT, wish.quantity)], ZERO, granted.choice)


def short_line(number: int, wish: Wish, granted: Granted) -> dict[str, Any]:
    """One line of an `insufficient-stock` problem; `passed` are lots that may not be used."""
    line = {
        "line": number,
        "sku": wish.sku,
        "location": wish.location,
        "lot": wish.lot,
        "requested": shown(wish.quantity),
        "available": shown(wish.quantity - granted.missing),
    }
    if granted.choice.passed:
        line["passed"] = granted.choice.shown(number)["passed"]
    return line


def insufficient(short: list[dict[str, Any]]) -> Rejected:
    """Refuse what the lines are short of."""
    said = "; ".join(
        f"{line['sku']} at {line['location']}: {line['requested']} requested, "
        f"{line['available']} available"
        for line in short[:20]
    )
    return Rejected(409, problem(INSUFFICIENT_STOCK, said, lines=short))
