"""What catalog commands mean: items and locations come into being and change their description."""

from typing import Any

from consumers.decisions.items import contradiction, described, item_body
from consumers.decisions.known import unknown_item
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.documents import Item, Location
from ledger.outcome import Applied, Event, Outcome, Rejected
from schemas.commands.catalog import UpsertItem, UpsertLocation
from schemas.gs1 import looked_up
from schemas.problems import BARCODE_TAKEN, TRACKING_FIXED, VARIANT_RULE, problem


def _item(command: UpsertItem, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    for each in command.barcodes or ():
        needs.barcodes.add((tenant_id, looked_up(each.code)))
    if command.variant_of is not None:
        needs.items.add((tenant_id, command.variant_of))
        needs.variants.add((tenant_id, command.sku))


def _location(command: UpsertLocation, tenant_id: str, needs: Needs) -> None:
    needs.locations.add((tenant_id, command.code))


@decides(UpsertItem, needs=_item)
def upsert_item(command: UpsertItem, ask: Ask, book: Book) -> Outcome:
    """Describe an item. How it is tracked is fixed by the first description: stock hangs on it."""
    old = book.items.get((ask.tenant_id, command.sku))
    if old is not None and old.track_by != command.track_by:
        said = f"track_by: {command.sku} is tracked by {old.track_by}"
        return Rejected(TRACKING_FIXED.status, problem(TRACKING_FIXED, said, sku=command.sku))
    item = described(command, ask.tenant_id, old)
    refused = contradiction(item) or _no_variant(item, old, book) or _taken(item, book)
    if refused:
        return refused
    return Applied(
        code=200 if old else 201,
        resource=("item", item.sku),
        body=item_body(item),
        events=(Event("item.upserted", f"item/{item.sku}", item.version),),
        documents=(item,),
    )


def _no_variant(item: Item, old: Item | None, book: Book) -> Rejected | None:
    """Refuse a variant of nothing, of a variant, or of another item than before: one level, no ring."""
    parent = item.variant_of
    if parent is None or (old is not None and old.variant_of == parent):
        return None
    refused = unknown_item(book, item.tenant_id, parent, "", "variant_of")
    if refused:
        return refused
    said = None
    if old is not None and old.variant_of is not None:
        said = f"{item.sku} is a variant of {old.variant_of}"
    elif parent == item.sku:
        said = f"{item.sku} is no variant of itself"
    elif book.items[item.tenant_id, parent].variant_of is not None:
        said = f"{parent} is a variant itself"
    elif item.key in book.with_variants:
        said = f"there are variants of {item.sku}"
    if said is None:
        return None
    members = {"sku": item.sku, "pointer": "/variant_of"}
    return Rejected(409, problem(VARIANT_RULE, f"/variant_of: {said}", **members))


def _taken(item: Item, book: Book) -> Rejected | None:
    """Refuse a code that belongs to another item, naming that one."""
    for index, each in enumerate(item.barcodes):
        owner = book.barcodes.get((item.tenant_id, each.code))
        if owner not in (None, item.sku):
            at = f"/barcodes/{index}/code"
            said = f"{at}: {each.code} belongs to {owner}"
            members = {"sku": owner, "code": each.code, "pointer": at}
            return Rejected(409, problem(BARCODE_TAKEN, said, **members))
    return None


@decides(UpsertLocation, needs=_location)
def upsert_location(command: UpsertLocation, ask: Ask, book: Book) -> Outcome:
    """Describe a location."""
    old = book.locations.get((ask.tenant_id, command.code))
    location = Location(
        ask.tenant_id,
        command.code,
        command.name,
        command.time_zone or (old.time_zone if old else "UTC"),
        version=old.version + 1 if old else 1,
    )
    return Applied(
        code=200 if old else 201,
        resource=("location", location.code),
        body=location_body(location),
        events=(Event("location.upserted", f"location/{location.code}", location.version),),
        documents=(location,),
    )


def location_body(location: Location) -> dict[str, Any]:
    """A location as results and events show it."""
    return {
        "code": location.code,
        "name": location.name,
        "time_zone": location.time_zone,
        "version": location.version,
    }
