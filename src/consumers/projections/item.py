"""Read table item: the catalog's items as they are now."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table
from ledger.arrays import texts


def _rows(event: Event) -> Iterable[Row]:
    item = orjson.loads(event.value)
    barcodes = item.get("barcodes", [])
    columns = (
        event.tenant_id,
        item["sku"],
        item["name"],
        item["uom"],
        item["track_by"],
        item["barcode"] or "",
        str(event.version),
        str(item.get("active", True)),  # this and the rest are told since items have units
        item.get("rounding", "exact"),
        "" if item.get("scale") is None else str(item["scale"]),
        orjson.dumps(item.get("units", [])).decode(),
        orjson.dumps(barcodes).decode(),
        texts(each["code"] for each in barcodes),
        item.get("variant_of") or "",
        orjson.dumps(item.get("attributes", {})).decode(),
    )
    yield Row((event.tenant_id, item["sku"]), event.version, columns)


_MERGE: Final = """
INSERT INTO item AS old
SELECT tenant_id, sku, name, uom, track_by, nullif(barcode, ''), version, active, rounding,
    nullif(scale, '')::smallint, units, barcodes, codes::text[], nullif(variant_of, ''), attributes
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
    %s::boolean[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[])
    AS new(tenant_id, sku, name, uom, track_by, barcode, version, active, rounding, scale, units,
    barcodes, codes, variant_of, attributes)
ORDER BY tenant_id, sku
ON CONFLICT (tenant_id, sku) DO UPDATE
SET name = excluded.name, uom = excluded.uom, track_by = excluded.track_by,
    barcode = excluded.barcode, version = excluded.version, active = excluded.active,
    rounding = excluded.rounding, scale = excluded.scale, units = excluded.units,
    barcodes = excluded.barcodes, codes = excluded.codes, variant_of = excluded.variant_of,
    attributes = excluded.attributes
WHERE old.version < excluded.version
"""

ITEM: Final = Table("item", frozenset({"item.upserted"}), _rows, _MERGE)
