"""What a quantity said in another unit is in the base unit: converted once, exactly or not at all."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final, Protocol, TypeVar

from consumers.decisions.registry import Needs
from ledger.book import Book
from ledger.documents import Item
from ledger.outcome import Rejected
from schemas.base import QUANTITY_BOUND, plain, shown
from schemas.problems import UNIT_RULE, problem

_EXACT: Final = Context(prec=60)
"""Wide enough for any quantity times any factor, so that no digit is lost on the way."""
SCALE: Final = 6
"""Decimals of a quantity in the base unit."""


class Said(Protocol):
    """A line that says how much of an item."""

    @property
    def sku(self) -> str:
        """The item."""

    @property
    def quantity(self) -> Decimal:
        """How much."""

    @property
    def unit(self) -> str | None:
        """In which unit; None is the base unit."""

    def model_copy(self, *, update: dict[str, Any]) -> Any:  # noqa: ANN401  # one of its own kind
        """The line with other values."""


L = TypeVar("L", bound=Said)
Conversions = tuple[dict[str, Any], ...]
"""What was said in another unit, and what it came to: as results, events and documents show it."""


def needs_item(lines: Iterable[Said], tenant_id: str, needs: Needs) -> None:
    """Load the items that the lines' quantities depend on; whole base units depend on none."""
    for line in lines:
        if line.unit is not None or line.quantity % 1:
            needs.items.add((tenant_id, line.sku))


def in_base_units(
    lines: Sequence[L], tenant_id: str, book: Book
) -> tuple[Sequence[L], Conversions] | Rejected:
    """The lines with their quantities in base units, and what was converted for it.

    A line whose item nobody knows stays as it is: whoever asked refuses it by its name.
    """
    if not any(line.unit is not None or line.quantity % 1 for line in lines):
        return lines, ()
    based: list[L] = []
    said: list[dict[str, Any]] = []
    for number, asked in enumerate(lines, 1):
        line = asked
        if line.unit is not None or line.quantity % 1:
            item = book.items.get((tenant_id, line.sku))
            quantity = item and in_base(item, line.quantity, line.unit, f"/lines/{number - 1}")
            if isinstance(quantity, Rejected):
                return quantity
            if item and quantity is not None and line.unit not in (None, item.uom):
                said.append(
                    {"line": number, **conversion(item, line.quantity, line.unit, quantity)}
                )
                line = line.model_copy(update={"quantity": quantity})
        based.append(line)
    return (based if said else lines), tuple(said)


def in_base(
    item: Item, quantity: Decimal, unit: str | None, at: str, field: str = "quantity"
) -> Decimal | Rejected:
    """A quantity, which may be a difference below zero, in the item's base unit.

    Only what is measured is ever rounded, half up; the refusal names unit, factor and rule.
    """
    factor = factor_of(item, unit)
    if factor is None:
        known = ", ".join([item.uom, *(each.code for each in item.units)])
        return _refused(f"{at}/unit", f"{item.sku} has no unit {unit}; it has {known}", item)
    told = _EXACT.multiply(quantity, factor)
    based = told
    if item.rounding == "measured" and unit not in (None, item.uom):
        based = told.quantize(Decimal(1).scaleb(-(item.scale or 0)), ROUND_HALF_UP, _EXACT)
    rule = _broken(item, quantity, based)
    if rule:
        said = f"{shown(quantity)} {unit or item.uom}"
        if unit not in (None, item.uom):
            said += f" of {plain(factor)} {item.uom} is {plain(told)} {item.uom}"
        return _refused(f"{at}/{field}", f"{said} of {item.sku}: {rule}", item)
    return Decimal(shown(based.quantize(Decimal(1).scaleb(-SCALE), context=_EXACT)))


def factor_of(item: Item, unit: str | None) -> Decimal | None:
    """How many base units one of a unit is; None if the item has no such unit."""
    if unit is None or unit == item.uom:
        return Decimal(1)
    return next((each.factor for each in item.units if each.code == unit), None)


def conversion(item: Item, said: Decimal, unit: str | None, base: Decimal) -> dict[str, Any]:
    """A conversion as results, events and documents show it."""
    return {
        "unit": unit,
        "quantity": shown(said),
        "factor": plain(factor_of(item, unit) or Decimal(1)),
        "base_unit": item.uom,
        "base_quantity": shown(base),
    }


def _broken(item: Item, said: Decimal, based: Decimal) -> str | None:
    """The rule that a converted quantity breaks."""
    if item.rounding == "whole" and based % 1:
        return "its base unit takes whole numbers only"
    if _EXACT.remainder(based, Decimal(1).scaleb(-SCALE)):
        return f"not exact at {SCALE} decimals, and the item is not measured"
    if said and not based:
        return f"rounds to nothing at {item.scale} decimals"
    if abs(based) >= QUANTITY_BOUND:
        return "must stay below one trillion"
    return None


def _refused(pointer: str, said: str, item: Item) -> Rejected:
    return Rejected(422, problem(UNIT_RULE, f"{pointer}: {said}", sku=item.sku, pointer=pointer))
