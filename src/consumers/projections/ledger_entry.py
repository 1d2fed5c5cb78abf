"""Read table ledger_entry: every movement, once, however often it is told."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table
from ledger.copy import escaped, optional


def _rows(event: Event) -> Iterable[Row]:
    moved = orjson.loads(event.value)
    place = (event.tenant_id, event.shard, event.sequence)
    begin = f"{event.tenant_id}\t{event.shard}\t{event.sequence}"
    end = f"{escaped(moved['actor_id'])}\t{event.at}"
    for entry in moved["entries"]:
        number = entry["entry"]
        columns = (
            begin,
            str(number),
            escaped(entry["sku"]),
            escaped(entry["lot"] or ""),
            escaped(entry["serial"] or ""),
            escaped(entry["from_account"]),
            escaped(entry["to_account"]),
            entry["quantity"],
            optional(entry["unit_cost"]),
            escaped(entry["reason"]),
            escaped(entry["document"]),
            end,
        )
        yield Row((*place, number), event.version, "\t".join(columns))


_STAGE: Final = """
CREATE TEMP TABLE IF NOT EXISTS new_ledger_entry (LIKE ledger_entry) ON COMMIT DELETE ROWS
"""
_COPY: Final = "COPY new_ledger_entry FROM STDIN"
_MERGE: Final = """
INSERT INTO ledger_entry SELECT * FROM new_ledger_entry
ORDER BY tenant_id, shard, sequence, entry ON CONFLICT DO NOTHING
"""

LEDGER_ENTRY: Final = Table(
    "ledger_entry", frozenset({"stock.moved"}), _rows, _STAGE, _COPY, _MERGE
)
