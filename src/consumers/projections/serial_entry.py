"""Read table serial_entry: which ledger entries moved a serial, so that its history can be read."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table
from schemas.serials import spelt_out


def _rows(event: Event) -> Iterable[Row]:
    place = (event.shard, event.sequence)
    for entry in orjson.loads(event.value)["entries"]:
        for serial in spelt_out(entry.get("serials") or []):
            key = (event.tenant_id, serial, entry["sku"], *place, entry["entry"])
            yield Row(key, event.version, tuple(map(str, key)))


_MERGE: Final = """
INSERT INTO serial_entry
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::smallint[], %s::bigint[],
    %s::smallint[]) AS new(tenant_id, serial, sku, shard, sequence, entry)
ORDER BY tenant_id, serial, sku, shard, sequence, entry ON CONFLICT DO NOTHING
"""

SERIAL_ENTRY: Final = Table("serial_entry", frozenset({"stock.moved"}), _rows, _MERGE)
