"""Read table lot: what is known of each lot, and whether it may be used."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table

_COLUMNS: Final = ("status", "reason", "expires_on", "best_before_on", "remove_on", "alert_on")


def _rows(event: Event) -> Iterable[Row]:
    lot = orjson.loads(event.value)
    key = (event.tenant_id, lot["sku"], lot["lot"])
    columns = (*key, *(lot[name] or "" for name in _COLUMNS), str(event.version))
    yield Row(key, event.version, columns)


_MERGE: Final = """
INSERT INTO lot AS old
SELECT tenant_id, sku, lot, status, nullif(reason, ''), nullif(expires_on, '')::date,
    nullif(best_before_on, '')::date, nullif(remove_on, '')::date, nullif(alert_on, '')::date,
    version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::bigint[])
    AS new(tenant_id, sku, lot, status, reason, expires_on, best_before_on, remove_on, alert_on,
    version)
ORDER BY tenant_id, sku, lot
ON CONFLICT (tenant_id, sku, lot) DO UPDATE
SET status = excluded.status, reason = excluded.reason, expires_on = excluded.expires_on,
    best_before_on = excluded.best_before_on, remove_on = excluded.remove_on,
    alert_on = excluded.alert_on, version = excluded.version
WHERE old.version < excluded.version
"""

LOT: Final = Table("lot", frozenset({"lot.described", "lot.status.set"}), _rows, _MERGE)
