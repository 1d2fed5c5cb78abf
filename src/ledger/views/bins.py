"""What lies in bins, what lies in none, and where stock would be put away: asked without doing it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson

from ledger import items
from ledger.bin_stock import Bin, read_rules
from ledger.documents import Item
from ledger.putaway import Placed, Putaway, Room, Wish, step_of
from ledger.views.pool import Pool, rows


class Lying(NamedTuple):
    """What lies in a bin of one lot of an item, and how much of that is held."""

    bin: str
    sku: str
    lot: str | None
    on_hand: Decimal
    held: Decimal


_LYING: Final = """
SELECT bin, sku, nullif(lot, ''), trim_scale(on_hand), trim_scale(held)
FROM stockyard_read.bin_level
WHERE tenant_id = %(tenant_id)s AND location = %(location)s AND on_hand > 0
ORDER BY bin, sku, lot
"""


async def lying(pool: Pool, tenant_id: str, location: str) -> list[Lying]:
    """All that lies in the bins of a location.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    values = {"tenant_id": tenant_id, "location": location}
    return [Lying(*row) for row in await rows(pool, _LYING, values)]


class Loose(NamedTuple):
    """What is on hand of one lot of an item and lies in no bin."""

    sku: str
    lot: str | None
    quantity: Decimal


_LOOSE: Final = """
SELECT l.sku, nullif(l.lot, ''), trim_scale(l.on_hand - coalesce(b.binned, 0))
FROM stockyard_read.level l LEFT JOIN (
    SELECT sku, lot, sum(on_hand) AS binned FROM stockyard_read.bin_level
    WHERE tenant_id = %(tenant_id)s AND location = %(location)s GROUP BY sku, lot
) b USING (sku, lot)
WHERE l.tenant_id = %(tenant_id)s AND l.location = %(location)s
    AND l.on_hand > coalesce(b.binned, 0)
ORDER BY l.sku, l.lot
"""


async def loose(pool: Pool, tenant_id: str, location: str) -> list[Loose]:
    """All that is still to be put away at a location.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    values = {"tenant_id": tenant_id, "location": location}
    return [Loose(*row) for row in await rows(pool, _LOOSE, values)]


class Wanted(NamedTuple):
    """So much of an item, in base units, is to be put away in whole ones of a unit."""

    sku: str
    quantity: Decimal
    unit: str | None = None


_BINS: Final = """
SELECT body FROM stockyard_read.bin
WHERE tenant_id = %(tenant_id)s AND location = %(location)s AND bin <> %(but)s
"""
_ITEMS: Final = """
SELECT tenant_id, sku, name, uom, track_by, barcode, version, active, rounding, scale, units,
    barcodes, variant_of, attributes
FROM stockyard_read.item
WHERE tenant_id = %(tenant_id)s AND sku = ANY (%(skus)s)
"""


async def suggest(
    pool: Pool,
    tenant_id: str,
    location: str,
    wanted: Sequence[Wanted],
    *,
    from_bin: str | None = None,
    zone: str | None = None,
) -> list[Placed]:
    """Where `putaway.post` would put each, one after the other, as far as has been projected.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    values = {"tenant_id": tenant_id, "location": location, "but": from_bin or ""}
    told = [orjson.loads(row[0]) for row in await rows(pool, _BINS, values)]
    bins = [_bin(tenant_id, each) for each in told if zone in (None, each["zone"])]
    skus = sorted({each.sku for each in wanted})
    found = await rows(pool, _ITEMS, {"tenant_id": tenant_id, "skus": skus})
    known = {row[1]: items.read(row) for row in found}
    room = Room({}, {})
    for each in await lying(pool, tenant_id, location):
        room.add(each.bin, each.sku, each.on_hand)
    putaway = Putaway(bins, room)
    return [_placed(each, known.get(each.sku), putaway) for each in wanted]


def _placed(wanted: Wanted, item: Item | None, putaway: Putaway) -> Placed:
    """Where one goes; an item that nobody knows, and units with serials, go nowhere."""
    if item is None or item.track_by == "serial":
        return Placed((), wanted.quantity)
    factor = next((each.factor for each in item.units if each.code == wanted.unit), None)
    return putaway.put_away(Wish(item, wanted.quantity, step_of(item, factor)))


def _bin(tenant_id: str, told: dict[str, Any]) -> Bin:
    """A bin as its body shows it."""
    return Bin(
        tenant_id,
        told["location"],
        told["bin"],
        told["zone"],
        told["priority"],
        None if told["capacity"] is None else Decimal(told["capacity"]),
        read_rules(told["takes"]),
        told["blocked"],
        told["version"],
    )
