"""Read table hold: what is kept from everybody, and why, with its lines in its body."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    hold = orjson.loads(event.value)
    key = (event.tenant_id, hold["hold_id"])
    columns = (*key, hold["sku"], hold["status"], str(event.version), event.value.decode())
    yield Row(key, event.version, columns)


_MERGE: Final = """
INSERT INTO hold AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
    AS new(tenant_id, hold_id)
ORDER BY tenant_id, hold_id
ON CONFLICT (tenant_id, hold_id) DO UPDATE
SET status = excluded.status, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

HOLD: Final = Table("hold", frozenset({"hold.placed", "hold.released"}), _rows, _MERGE)
