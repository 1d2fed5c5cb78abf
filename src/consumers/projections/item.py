"""Read table item: the catalog's items as they are now."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    item = orjson.loads(event.value)
    columns = (
        event.tenant_id,
        item["sku"],
        item["name"],
        item["uom"],
        item["track_by"],
        item["barcode"] or "",
        str(event.version),
    )
    yield Row((event.tenant_id, item["sku"]), event.version, columns)


_MERGE: Final = """
INSERT INTO item AS old
SELECT tenant_id, sku, name, uom, track_by, nullif(barcode, ''), version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    AS new(tenant_id, sku, name, uom, track_by, barcode, version)
ORDER BY tenant_id, sku
ON CONFLICT (tenant_id, sku) DO UPDATE
SET name = excluded.name, uom = excluded.uom, track_by = excluded.track_by,
    barcode = excluded.barcode, version = excluded.version
WHERE old.version < excluded.version
"""

ITEM: Final = Table("item", frozenset({"item.upserted"}), _rows, _MERGE)
