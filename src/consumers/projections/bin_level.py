"""Read table bin_level: what lies in each bin, of which lot of which item."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    """Row by row: each has a version of its own."""
    for told in orjson.loads(event.value)["levels"]:
        key = (event.tenant_id, told["location"], told["bin"], told["sku"], told["lot"] or "")
        numbers = (told["on_hand"], told["held"], str(told["version"]))
        yield Row(key, told["version"], (*key, *numbers, event.at))


_MERGE: Final = """
INSERT INTO bin_level AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[],
    %s::numeric[], %s::bigint[], %s::timestamptz[])
    AS new(tenant_id, location, bin, sku, lot)
ORDER BY tenant_id, location, bin, sku, lot
ON CONFLICT (tenant_id, location, bin, sku, lot) DO UPDATE
SET on_hand = excluded.on_hand, held = excluded.held, version = excluded.version,
    changed_at = excluded.changed_at
WHERE old.version < excluded.version
"""

BIN_LEVEL: Final = Table("bin_level", frozenset({"stock.bins.changed"}), _rows, _MERGE)
