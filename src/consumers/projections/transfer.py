"""Read table transfer: what is under way between our locations, with its lines in its body."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    transfer = orjson.loads(event.value)
    key = (event.tenant_id, transfer["transfer_id"])
    ends = (transfer["from_location"], transfer["to_location"])
    body = event.value.decode()
    yield Row(key, event.version, (*key, *ends, transfer["status"], str(event.version), body))


_TYPES: Final = frozenset(f"transfer.{what}" for what in ("shipped", "received", "closed"))
_MERGE: Final = """
INSERT INTO transfer AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
    %s::text[]) AS new(tenant_id, transfer_id)
ORDER BY tenant_id, transfer_id
ON CONFLICT (tenant_id, transfer_id) DO UPDATE
SET status = excluded.status, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

TRANSFER: Final = Table("transfer", _TYPES, _rows, _MERGE)
