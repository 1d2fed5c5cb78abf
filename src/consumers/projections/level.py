"""Read table level: what is on hand, reserved and available, by item, location and lot."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    """The whole level. Its key is read from the state: a subject may spell two keys alike."""
    level = orjson.loads(event.value)
    sku, location, lot = level["sku"], level["location"], level["lot"] or ""
    columns = (
        event.tenant_id,
        sku,
        location,
        lot,
        level["on_hand"],
        level["reserved"],
        level["held"],
        level["incoming"],
        level["available"],
        str(event.version),
        event.at,
    )
    yield Row((event.tenant_id, sku, location, lot), event.version, columns)


_MERGE: Final = """
INSERT INTO level AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::bigint[], %s::timestamptz[])
    AS new(tenant_id, sku, location, lot)
ORDER BY tenant_id, sku, location, lot
ON CONFLICT (tenant_id, sku, location, lot) DO UPDATE
SET on_hand = excluded.on_hand, reserved = excluded.reserved, held = excluded.held,
    incoming = excluded.incoming, available = excluded.available, version = excluded.version,
    changed_at = excluded.changed_at
WHERE old.version < excluded.version
"""

LEVEL: Final = Table("level", frozenset({"stock.level.changed"}), _rows, _MERGE)
