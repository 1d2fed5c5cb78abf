"""What catalog commands mean: items and locations come into being and change their description."""

from typing import Any

from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Applied, Book, Event, Outcome, Rejected
from ledger.documents import Item, Location
from schemas.commands.catalog import UpsertItem, UpsertLocation
from schemas.problems import TRACKING_FIXED, problem


def _item(command: UpsertItem, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))


def _location(command: UpsertLocation, tenant_id: str, needs: Needs) -> None:
    needs.locations.add((tenant_id, command.code))


@decides(UpsertItem, needs=_item)
def upsert_item(command: UpsertItem, ask: Ask, book: Book) -> Outcome:
    """Describe an item. How it is tracked is fixed by the first description: stock hangs on it."""
    old = book.items.get((ask.tenant_id, command.sku))
    if old is not None and old.track_by != command.track_by:
        said = f"track_by: {command.sku} is tracked by {old.track_by}"
        return Rejected(TRACKING_FIXED.status, problem(TRACKING_FIXED, said, sku=command.sku))
    item = Item(
        ask.tenant_id,
        command.sku,
        command.name,
        command.uom,
        command.track_by,
        command.barcode,
        version=old.version + 1 if old else 1,
    )
    return Applied(
        code=200 if old else 201,
        resource=("item", item.sku),
        body=item_body(item),
        events=(Event("item.upserted", f"item/{item.sku}", item.version),),
        documents=(item,),
    )


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


def item_body(item: Item) -> dict[str, Any]:
    """An item as results and events show it."""
    return {
        "sku": item.sku,
        "name": item.name,
        "uom": item.uom,
        "track_by": item.track_by,
        "barcode": item.barcode,
        "version": item.version,
    }


def location_body(location: Location) -> dict[str, Any]:
    """A location as results and events show it."""
    return {
        "code": location.code,
        "name": location.name,
        "time_zone": location.time_zone,
        "version": location.version,
    }
