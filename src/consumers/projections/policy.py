"""Read table policy: what items may do, everywhere or at one location."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table

_COLUMNS: Final = ("backorder_limit", "negative_limit", "shelf_life_days")


def _rows(event: Event) -> Iterable[Row]:
    policy = orjson.loads(event.value)
    key = (event.tenant_id, policy["sku"], policy["location"] or "")
    said = ("" if policy[name] is None else str(policy[name]) for name in _COLUMNS)
    buffers = "" if policy["buffers"] is None else orjson.dumps(policy["buffers"]).decode()
    yield Row(key, event.version, (*key, *said, buffers, str(event.version)))


_MERGE: Final = """
INSERT INTO policy AS old
SELECT tenant_id, sku, location, nullif(backorder_limit, '')::numeric,
    nullif(negative_limit, '')::numeric, nullif(shelf_life_days, '')::integer, nullif(buffers, ''),
    version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::bigint[])
    AS new(tenant_id, sku, location, backorder_limit, negative_limit, shelf_life_days, buffers,
    version)
ORDER BY tenant_id, sku, location
ON CONFLICT (tenant_id, sku, location) DO UPDATE
SET backorder_limit = excluded.backorder_limit, negative_limit = excluded.negative_limit,
    shelf_life_days = excluded.shelf_life_days, buffers = excluded.buffers,
    version = excluded.version
WHERE old.version < excluded.version
"""

POLICY: Final = Table("policy", frozenset({"policy.changed"}), _rows, _MERGE)
