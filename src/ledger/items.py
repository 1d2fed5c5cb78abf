"""Tables item and barcode: what is kept in stock, its units, and the codes that belong to it."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.documents import Barcode, Item, Unit

_COLUMNS: Final = (
    "tenant_id, sku, name, uom, track_by, barcode, version, active, rounding, scale, units, "
    "barcodes, variant_of, attributes"
)
_ITEMS: Final = f"""
SELECT {", ".join("i." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku)
JOIN item i USING (tenant_id, sku) ORDER BY i.tenant_id, i.sku
"""  # noqa: S608  # the columns are ours
# Only the catalog module writes these rows, and locks them to number their changes. The others
# read them: how an item is tracked never changes, and by its units each command is decided once.
_FOR_UPDATE: Final = " FOR NO KEY UPDATE OF i"

ItemKey = tuple[str, str]
"""Tenant and item."""


def load(tx: Transaction, asked: Collection[ItemKey], *, lock: bool) -> dict[ItemKey, Item]:
    """The items that exist, by (tenant, sku)."""
    statement = _ITEMS + (_FOR_UPDATE if lock else "")
    return {(row[0], row[1]): read(row) for row in keyed.rows(tx, statement, asked)}


def read(row: tuple[Any, ...]) -> Item:
    """An item as the ledger and the read table keep it, in the order of the columns."""
    units, barcodes, variant_of, attributes = row[10:]
    return Item(*row[:10])._replace(
        units=tuple(
            Unit(each["code"], Decimal(each["factor"]), each["level"])
            for each in orjson.loads(units)
        ),
        barcodes=tuple(Barcode(**each) for each in orjson.loads(barcodes)),
        variant_of=variant_of,
        attributes=orjson.loads(attributes),
    )


_CLAIMED: Final = """
SELECT b.tenant_id, b.code, b.sku
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, code)
JOIN barcode b USING (tenant_id, code)
"""
_WITH_VARIANTS: Final = """
SELECT asked.tenant_id, asked.sku FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku)
WHERE EXISTS (SELECT FROM item i
    WHERE i.tenant_id = asked.tenant_id AND i.variant_of = asked.sku)
"""


def claimed(tx: Transaction, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The item that a code belongs to, by (tenant, code)."""
    return {(row[0], row[1]): row[2] for row in keyed.rows(tx, _CLAIMED, asked)}


def with_variants(tx: Transaction, asked: Collection[ItemKey]) -> set[ItemKey]:
    """Those of the items that others are variants of. Whoever asks has locked their rows."""
    return {(row[0], row[1]) for row in keyed.rows(tx, _WITH_VARIANTS, asked)}


_SAVE: Final = f"""
INSERT INTO item AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::bigint[], %s::boolean[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[])
ON CONFLICT (tenant_id, sku) DO UPDATE
SET name = excluded.name, uom = excluded.uom, barcode = excluded.barcode,
    version = excluded.version, active = excluded.active, rounding = excluded.rounding,
    scale = excluded.scale, units = excluded.units, barcodes = excluded.barcodes,
    variant_of = excluded.variant_of, attributes = excluded.attributes,
    actor_id = excluded.actor_id
WHERE old.version < excluded.version AND old.track_by = excluded.track_by
"""  # noqa: S608  # the columns are ours
_UNCLAIM: Final = """
DELETE FROM barcode b USING unnest(%s::text[], %s::text[]) AS n(tenant_id, sku)
WHERE b.tenant_id = n.tenant_id AND b.sku = n.sku
"""
_CLAIM: Final = """
INSERT INTO barcode (tenant_id, code, sku, unit, symbology)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS n(tenant_id, code, sku, unit, symbology) ORDER BY tenant_id, code
ON CONFLICT (tenant_id, code) DO NOTHING
"""


def save(tx: Transaction, items: Collection[tuple[Item, str]]) -> None:
    """Store items, each with the actor who described it, and the codes that are theirs now.

    Codes are given up before they are claimed: one may pass from an item to another in one batch.

    Raises:
        RacedError: another batch was faster with one of them, or with a code.
    """
    if not items:
        return
    keyed.save(tx, _SAVE, [_row(item, actor_id) for item, actor_id in items])
    tx.execute(_UNCLAIM, [[item.tenant_id for item, _ in items], [item.sku for item, _ in items]])
    codes = [
        (item.tenant_id, each.code, item.sku, each.unit, each.symbology)
        for item, _ in items
        for each in item.barcodes
    ]
    keyed.save(tx, _CLAIM, codes)


def _row(item: Item, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: its lists are JSON, as its body shows them."""
    return (
        *item[:10],
        orjson.dumps([each.told for each in item.units]).decode(),
        orjson.dumps([each._asdict() for each in item.barcodes]).decode(),
        item.variant_of,
        orjson.dumps(dict(item.attributes)).decode(),
        actor_id,
    )
