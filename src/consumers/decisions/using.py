"""What a production order uses: of its reserved lots first, then of whatever is available."""

from decimal import Decimal
from typing import Any, NamedTuple

from consumers.decisions.building import not_a_component
from consumers.decisions.fefo import unusable
from consumers.decisions.granting import Taken, Wanted, grant, short_line
from consumers.decisions.known import lot_rule, without_serials
from consumers.decisions.registry import Ask
from ledger.book import Book
from ledger.making import Input, Production
from ledger.outcome import Rejected
from schemas.base import ZERO
from schemas.commands.production import UsedLine
from schemas.problems import LOT_UNUSABLE, problem


class Used(NamedTuple):
    """How much of one lot was used and wasted; `drawn` of it had been reserved."""

    line: int
    sku: str
    lot: str
    drawn: Decimal
    used: Decimal
    wasted: Decimal


class Uses(NamedTuple):
    """What a line of a command used of which lots, and what it is short of."""

    parts: list[Used]
    short: list[dict[str, Any]]


def use(
    order: Production, index: int, line: UsedLine, ask: Ask, book: Book, taken: Taken
) -> Uses | Rejected:
    """Find what a line used. What may not be used is at most wasted, if its lot is named."""
    at = f"/lines/{index}"
    number = next((n for n, each in enumerate(order.components, 1) if each.sku == line.sku), None)
    if number is None:
        return not_a_component(order.sku, line.sku, f"{at}/sku")
    refused = without_serials(book, ask.tenant_id, line.sku, f"{at}/sku") or _refused(
        order, line, at, ask, book
    )
    if refused:
        return refused
    wanted = line.quantity + line.wasted
    found: list[tuple[str, Decimal, Decimal]] = []  # lot, quantity, and so much of it reserved
    for each in order.inputs:
        take = min(each.left, wanted)
        if each.line == number and take and _will_do(order, each, line, ask, book):
            found.append((each.lot, take, take))
            wanted -= take
    short: list[dict[str, Any]] = []
    if wanted:
        wish = Wanted(line.sku, order.location, wanted, line.lot)
        levels = book.levels(ask.tenant_id, line.sku, order.location)
        written_off = not line.quantity
        granted = grant(wish, ask.tenant_id, levels, taken, book, unusable_too=written_off)
        found += [(lot, quantity, ZERO) for lot, quantity in granted.parts]
        short = [short_line(index + 1, wish, granted)] if granted.missing else []
    return Uses(_split(number, line, found), short)


def _split(number: int, line: UsedLine, found: list[tuple[str, Decimal, Decimal]]) -> list[Used]:
    """What was used comes from the lots that go first, what was wasted from those behind."""
    parts: list[Used] = []
    left = line.quantity
    for lot, quantity, drawn in found:
        used = min(quantity, left)
        left -= used
        parts.append(Used(number, line.sku, lot, drawn, used, quantity - used))
    return parts


def _refused(order: Production, line: UsedLine, at: str, ask: Ask, book: Book) -> Rejected | None:
    """Refuse a lot where the item has none, and one that is named and may not be used."""
    if line.lot is None:
        return None
    refused = lot_rule(book, ask.tenant_id, line.sku, line.lot, at)
    because = None if refused else _because(order, line.lot, line, ask, book)
    if because and line.quantity:
        said = f"{at}/lot: lot {line.lot} of {line.sku} may not be used: {because}"
        members = {"sku": line.sku, "lot": line.lot, "because": because, "pointer": f"{at}/lot"}
        return Rejected(409, problem(LOT_UNUSABLE, said, **members))
    return refused


def _will_do(order: Production, each: Input, line: UsedLine, ask: Ask, book: Book) -> bool:
    """Whether a reserved lot is the one that is named, or, where none is, one to be used."""
    if line.lot is not None:
        return each.lot == line.lot
    return not _because(order, each.lot, line, ask, book)


def _because(order: Production, lot: str, line: UsedLine, ask: Ask, book: Book) -> str | None:
    known = book.lots.get((ask.tenant_id, line.sku, lot)) if lot else None
    return known and unusable(known, book.today(ask.tenant_id, order.location))


def noted(order: Production, used: list[Used]) -> Production:
    """The order with what was used noted in its inputs."""
    inputs = {(each.line, each.lot): each for each in order.inputs}
    for each in used:
        key = each.line, each.lot
        before = inputs.get(key) or Input(each.line, each.sku, each.lot, ZERO)
        inputs[key] = before._replace(
            drawn=before.drawn + each.drawn,
            used=before.used + each.used,
            wasted=before.wasted + each.wasted,
        )
    return order._replace(inputs=tuple(inputs.values()))
