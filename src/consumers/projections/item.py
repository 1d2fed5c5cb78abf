"""Read table item: the catalog's items as they are now."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table
from ledger.copy import escaped, optional


def _rows(event: Event) -> Iterable[Row]:
    item = orjson.loads(event.value)
    columns = (
        event.tenant_id,
        escaped(item["sku"]),
        escaped(item["name"]),
        escaped(item["uom"]),
        item["track_by"],
        optional(item["barcode"]),
        str(event.version),
    )
    yield Row((event.tenant_id, item["sku"]), event.version, "\t".join(columns))


_STAGE: Final = "CREATE TEMP TABLE IF NOT EXISTS new_item (LIKE item) ON COMMIT DELETE ROWS"
_COPY: Final = "COPY new_item FROM STDIN"
_MERGE: Final = """
INSERT INTO item AS old SELECT * FROM new_item ORDER BY tenant_id, sku
ON CONFLICT (tenant_id, sku) DO UPDATE
SET name = excluded.name, uom = excluded.uom, track_by = excluded.track_by,
    barcode = excluded.barcode, version = excluded.version
WHERE old.version < excluded.version
"""

ITEM: Final = Table("item", frozenset({"item.upserted"}), _rows, _STAGE, _COPY, _MERGE)
