"""Read table receipt: what came in, from whom and against which reference."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    receipt = orjson.loads(event.value)
    key = (event.tenant_id, receipt["receipt_id"])
    said = (receipt["source"], receipt["reference"] or "", receipt["created_at"])
    yield Row(key, event.version, (*key, *said, str(event.version), event.value.decode()))


_MERGE: Final = """
INSERT INTO receipt AS old
SELECT tenant_id, receipt_id, source, nullif(reference, ''), created_at, version, body
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[],
    %s::text[]) AS new(tenant_id, receipt_id, source, reference, created_at, version, body)
ORDER BY tenant_id, receipt_id
ON CONFLICT (tenant_id, receipt_id) DO UPDATE
SET version = excluded.version, body = excluded.body WHERE old.version < excluded.version
"""

RECEIPT: Final = Table(
    "receipt", frozenset({"receipt.posted", "receipt.price.corrected"}), _rows, _MERGE
)
