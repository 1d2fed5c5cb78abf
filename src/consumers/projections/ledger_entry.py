"""Read table ledger_entry: every movement, once, however often it is told."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    moved = orjson.loads(event.value)
    place = (event.tenant_id, event.shard, event.sequence)
    for entry in moved["entries"]:
        number = entry["entry"]
        columns = (
            event.tenant_id,
            str(event.shard),
            str(event.sequence),
            str(number),
            entry["sku"],
            entry["lot"] or "",
            entry["serial"] or "",
            entry["from_account"],
            entry["to_account"],
            entry["quantity"],
            entry["unit_cost"] or "",
            entry["reason"],
            entry["document"],
            moved["actor_id"],
            event.at,
            entry.get("effective_at") or "",
        )
        yield Row((*place, number), event.version, columns)


_MERGE: Final = """
INSERT INTO ledger_entry
SELECT tenant_id, shard, sequence, entry, sku, lot, serial, from_account, to_account, quantity,
    nullif(unit_cost, '')::numeric, reason, document, actor_id, moved_at,
    nullif(effective_at, '')::timestamptz
FROM unnest(%s::text[], %s::smallint[], %s::bigint[], %s::smallint[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::numeric[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::timestamptz[], %s::text[])
    AS new(tenant_id, shard, sequence, entry, sku, lot, serial, from_account, to_account, quantity,
        unit_cost, reason, document, actor_id, moved_at, effective_at)
ORDER BY tenant_id, shard, sequence, entry ON CONFLICT DO NOTHING
"""

LEDGER_ENTRY: Final = Table("ledger_entry", frozenset({"stock.moved"}), _rows, _MERGE)
