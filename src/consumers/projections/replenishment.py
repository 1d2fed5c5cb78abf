"""Read table replenishment: how places are replenished."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table

_NUMBERS: Final = ("reorder_point", "maximum", "safety_stock")


def _rows(event: Event) -> Iterable[Row]:
    policy = orjson.loads(event.value)
    key = (event.tenant_id, policy["sku"], policy["location"])
    said = (policy["kind"], *(policy[name] or "" for name in _NUMBERS))
    yield Row(key, event.version, (*key, *said, str(event.version), event.value.decode()))


_MERGE: Final = """
INSERT INTO replenishment AS old
SELECT tenant_id, sku, location, kind, nullif(reorder_point, '')::numeric,
    nullif(maximum, '')::numeric, nullif(safety_stock, '')::numeric, version, body
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::bigint[], %s::text[]) AS new(tenant_id, sku, location, kind, reorder_point, maximum,
    safety_stock, version, body)
ORDER BY tenant_id, sku, location
ON CONFLICT (tenant_id, sku, location) DO UPDATE
SET kind = excluded.kind, reorder_point = excluded.reorder_point, maximum = excluded.maximum,
    safety_stock = excluded.safety_stock, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

REPLENISHMENT: Final = Table(
    "replenishment", frozenset({"replenishment.policy.set"}), _rows, _MERGE
)
