"""Read table production: orders to make something, with what they used and made in their body."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    order = orjson.loads(event.value)
    key = (event.tenant_id, order["production_id"])
    said = (order["sku"], order["location"], order["status"])
    yield Row(key, event.version, (*key, *said, str(event.version), event.value.decode()))


_TYPES: Final = frozenset(
    f"production.{what}" for what in ("started", "consumed", "produced", "completed", "cancelled")
)
_MERGE: Final = """
INSERT INTO production AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
    %s::text[]) AS new(tenant_id, production_id)
ORDER BY tenant_id, production_id
ON CONFLICT (tenant_id, production_id) DO UPDATE
SET status = excluded.status, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

PRODUCTION: Final = Table("production", _TYPES, _rows, _MERGE)
