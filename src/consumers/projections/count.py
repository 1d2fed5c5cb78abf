"""Read table count: what is being counted and what was, without its lines."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    count = orjson.loads(event.value)
    key = (event.tenant_id, count["count_id"])
    told = (count["location"], count["status"], "t" if count["blind"] else "f")
    yield Row(key, event.version, (*key, *told, str(event.version), event.value.decode()))


_ENDS: Final = ("opened", "recorded", "recount.asked", "approved", "posted", "cancelled")
_TYPES: Final = frozenset(f"count.{what}" for what in _ENDS)
_MERGE: Final = """
INSERT INTO count AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::bigint[],
    %s::text[]) AS new(tenant_id, count_id)
ORDER BY tenant_id, count_id
ON CONFLICT (tenant_id, count_id) DO UPDATE
SET status = excluded.status, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

COUNT: Final = Table("count", _TYPES, _rows, _MERGE)
