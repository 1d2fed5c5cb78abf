"""Read table lead_time: how long goods took from their order, by item, vendor and receipt."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    """One for each item and location of a receipt that says when it was ordered."""
    receipt = orjson.loads(event.value)
    if not receipt.get("ordered_at"):
        return
    promised = receipt["promised_at"] or ""
    moments = (receipt["ordered_at"], promised, receipt["effective_at"])
    named = receipt["vendor_id"], receipt["receipt_id"]
    for sku, location in sorted({(line["sku"], line["location"]) for line in receipt["lines"]}):
        said = (event.tenant_id, sku, *named, location, *moments, str(event.version))
        yield Row((event.tenant_id, sku, named[1], location), event.version, said)


_MERGE: Final = """
INSERT INTO lead_time AS old
SELECT tenant_id, sku, vendor_id, receipt_id, location, ordered_at,
    nullif(promised_at, '')::timestamptz, received_at, version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
    %s::text[], %s::timestamptz[], %s::bigint[]) AS new(tenant_id, sku, vendor_id, receipt_id,
    location, ordered_at, promised_at, received_at, version)
ORDER BY tenant_id, sku, receipt_id, location
ON CONFLICT (tenant_id, sku, receipt_id, location) DO UPDATE
SET version = excluded.version WHERE old.version < excluded.version
"""

LEAD_TIME: Final = Table("lead_time", frozenset({"receipt.posted"}), _rows, _MERGE)
