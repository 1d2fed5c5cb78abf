"""Read table serial: every unit that ever came in, what became of it and whom it is promised to."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table
from schemas.serials import spelt_out


def _rows(event: Event) -> Iterable[Row]:
    """The serials one by one. Each has its own version: those of an event came different ways."""
    for change in orjson.loads(event.value)["changes"]:
        state = (change["status"], change["location"] or "", change["document"])
        versions = [v for times, version in change["versions"] for v in [version] * times]
        for serial, version in zip(spelt_out(change["serials"]), versions, strict=True):
            key = (event.tenant_id, change["sku"], serial)
            promised = change["reservation_id"] or ""
            yield Row(key, version, (*key, *state, promised, str(version), event.at))


_MERGE: Final = """
INSERT INTO serial AS old
SELECT tenant_id, sku, serial, status, nullif(location, ''), document, nullif(reservation_id, ''),
    version, changed_at
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::bigint[], %s::timestamptz[])
    AS new(tenant_id, sku, serial, status, location, document, reservation_id, version, changed_at)
ORDER BY tenant_id, sku, serial
ON CONFLICT (tenant_id, serial, sku) DO UPDATE
SET status = excluded.status, location = excluded.location, document = excluded.document,
    reservation_id = excluded.reservation_id, version = excluded.version,
    changed_at = excluded.changed_at
WHERE old.version < excluded.version
"""

SERIAL: Final = Table("serial", frozenset({"stock.serials.changed"}), _rows, _MERGE)
