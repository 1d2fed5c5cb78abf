"""Refusals that many decisions share: an item or location that nobody described, a lot too many."""

from decimal import Decimal

from ledger.book import Book
from ledger.outcome import Rejected
from schemas.base import QUANTITY_BOUND
from schemas.problems import (
    ITEM_INACTIVE,
    LOT_RULE,
    OUT_OF_BOUNDS,
    SERIAL_RULE,
    UNKNOWN_ITEM,
    UNKNOWN_LOCATION,
    problem,
)


def unknown_place(
    book: Book, tenant_id: str, sku: str, location: str, pointer: str
) -> Rejected | None:
    """Refuse a place whose item or location does not exist; `pointer` leads to the line."""
    unknown = unknown_item(book, tenant_id, sku, pointer)
    if unknown is None and (tenant_id, location) not in book.locations:
        return unknown_location(book, tenant_id, location, pointer)
    return unknown


def unknown_location(book: Book, tenant_id: str, location: str, pointer: str) -> Rejected | None:
    """Refuse a location that does not exist; `pointer` leads to the line."""
    if (tenant_id, location) in book.locations:
        return None
    said = f"{pointer}/location: there is no location {location}"
    members = {"location": location, "pointer": f"{pointer}/location"}
    return Rejected(422, problem(UNKNOWN_LOCATION, said, **members))


def unknown_item(
    book: Book, tenant_id: str, sku: str, pointer: str, field: str = "sku"
) -> Rejected | None:
    """Refuse an item that does not exist; `pointer` leads to the line."""
    if (tenant_id, sku) in book.items:
        return None
    said = f"{pointer}/{field}: there is no item {sku}"
    return Rejected(422, problem(UNKNOWN_ITEM, said, sku=sku, pointer=f"{pointer}/{field}"))


def inactive(book: Book, tenant_id: str, sku: str, index: int) -> Rejected | None:
    """Refuse an item that may not be promised or bought any more; `index` is the line's."""
    if (tenant_id, sku) not in book.inactive:
        return None
    at = f"/lines/{index}/sku"
    said = f"{at}: {sku} is not active; it may be counted, issued, shipped and given back"
    return Rejected(409, problem(ITEM_INACTIVE, said, sku=sku, pointer=at))


def lot_rule(
    book: Book, tenant_id: str, sku: str, lot: str | None, pointer: str = ""
) -> Rejected | None:
    """Refuse a lot where the item has none, or none where it has; the item must be known."""
    by_lot = book.items[tenant_id, sku].track_by == "batch"
    if by_lot == (lot is not None):
        return None
    said = f"{pointer}/lot: {sku} is " + ("stocked by lot" if by_lot else "not stocked by lot")
    return Rejected(422, problem(LOT_RULE, said, sku=sku, pointer=f"{pointer}/lot"))


def without_serials(book: Book, tenant_id: str, sku: str, pointer: str) -> Rejected | None:
    """Refuse an item whose units have serials, where no command can name them; it must be known."""
    if book.items[tenant_id, sku].track_by != "serial":
        return None
    said = f"{pointer}: {sku} is tracked by serial, and its units cannot be named here"
    return Rejected(422, problem(SERIAL_RULE, said, sku=sku, pointer=pointer))


def out_of_bounds(quantity: Decimal, pointer: str) -> Rejected | None:
    """Refuse what a level would come to beyond all bounds."""
    if quantity < QUANTITY_BOUND:
        return None
    said = f"{pointer}: the stock on hand must stay below one trillion"
    return Rejected(422, problem(OUT_OF_BOUNDS, said, pointer=pointer))
