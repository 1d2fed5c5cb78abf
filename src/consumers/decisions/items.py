"""What a description says of an item: its units, codes and rounding, and whether they agree."""

from typing import Any

from ledger.documents import Barcode, Item, Unit
from ledger.outcome import Rejected
from schemas.commands.catalog import UpsertItem
from schemas.gs1 import looked_up
from schemas.problems import ITEM_RULE, problem


def described(command: UpsertItem, tenant_id: str, old: Item | None) -> Item:
    """The item as a command describes it; of what it does not speak of the item keeps the old."""
    before = old or Item(tenant_id, command.sku, "", "", command.track_by, None, 0)
    item = before._replace(
        name=command.name, uom=command.uom, barcode=command.barcode, version=before.version + 1
    )
    if command.active is not None:
        item = item._replace(active=command.active)
    if command.rounding is not None:
        item = item._replace(rounding=command.rounding, scale=command.scale)
    if command.units is not None:
        units = tuple(Unit(each.code, each.factor, each.level) for each in command.units)
        item = item._replace(units=units)
    if command.barcodes is not None:
        codes = tuple(
            Barcode(looked_up(each.code), each.unit, each.symbology) for each in command.barcodes
        )
        item = item._replace(barcodes=codes)
    if command.attributes is not None:
        item = item._replace(attributes=command.attributes)
    return item._replace(variant_of=command.variant_of or item.variant_of)


def contradiction(item: Item) -> Rejected | None:
    """Refuse units that are named twice, and codes that are, or that are of no unit of the item.

    What was kept from before is looked at too: a unit that goes must not leave its codes behind.
    """
    units = {item.uom}
    for index, unit in enumerate(item.units):
        if unit.code in units:
            return _refused(item, f"/units/{index}/code", f"{unit.code} is a unit of it already")
        units.add(unit.code)
    codes: set[str] = set()
    for index, each in enumerate(item.barcodes):
        if each.code in codes:
            return _refused(item, f"/barcodes/{index}/code", f"{each.code} is named twice")
        codes.add(each.code)
        if each.unit is not None and each.unit not in units:
            said = f"{each.code} is of the unit {each.unit}, which {item.sku} has not"
            return _refused(item, f"/barcodes/{index}/unit", said)
    return None


def _refused(item: Item, pointer: str, said: str) -> Rejected:
    return Rejected(422, problem(ITEM_RULE, f"{pointer}: {said}", sku=item.sku, pointer=pointer))


def item_body(item: Item) -> dict[str, Any]:
    """An item as results and events show it, and, of its lists, as the ledger stores it."""
    return {
        "sku": item.sku,
        "name": item.name,
        "uom": item.uom,
        "track_by": item.track_by,
        "barcode": item.barcode,
        "active": item.active,
        "rounding": item.rounding,
        "scale": item.scale,
        "units": [each.told for each in item.units],
        "barcodes": [each._asdict() for each in item.barcodes],
        "variant_of": item.variant_of,
        "attributes": dict(item.attributes),
        "version": item.version,
    }
