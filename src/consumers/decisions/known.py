"""Refusals that many decisions share: an item or location that nobody described."""

from ledger.book import Book, Rejected
from schemas.problems import UNKNOWN_ITEM, UNKNOWN_LOCATION, problem


def unknown_place(
    book: Book, tenant_id: str, sku: str, location: str, pointer: str
) -> Rejected | None:
    """Refuse a place whose item or location does not exist; `pointer` leads to the line."""
    if (tenant_id, sku) not in book.items:
        said = f"{pointer}/sku: there is no item {sku}"
        return Rejected(422, problem(UNKNOWN_ITEM, said, sku=sku, pointer=f"{pointer}/sku"))
    if (tenant_id, location) not in book.locations:
        said = f"{pointer}/location: there is no location {location}"
        members = {"location": location, "pointer": f"{pointer}/location"}
        return Rejected(422, problem(UNKNOWN_LOCATION, said, **members))
    return None
