"""Read table recommendation: what should be ordered, why, and what became of it."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table

_NAMES: Final = ("sku", "location", "status", "quantity", "created_at")


def _rows(event: Event) -> Iterable[Row]:
    told = orjson.loads(event.value)
    key = (event.tenant_id, told["recommendation_id"])
    said = tuple(told[name] for name in _NAMES)
    yield Row(key, event.version, (*key, *said, str(event.version), event.value.decode()))


_TYPES: Final = frozenset(
    f"recommendation.{how}" for how in ("created", "refreshed", "withdrawn", "closed")
)
_MERGE: Final = """
INSERT INTO recommendation AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[],
    %s::timestamptz[], %s::bigint[], %s::text[]) AS new(tenant_id, recommendation_id)
ORDER BY tenant_id, recommendation_id
ON CONFLICT (tenant_id, recommendation_id) DO UPDATE
SET status = excluded.status, quantity = excluded.quantity, version = excluded.version,
    body = excluded.body
WHERE old.version < excluded.version
"""

RECOMMENDATION: Final = Table("recommendation", _TYPES, _rows, _MERGE)
