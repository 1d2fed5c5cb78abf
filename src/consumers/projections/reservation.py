"""Read table reservation: each promise as it stands, with its lines in its body."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    reservation = orjson.loads(event.value)
    named = reservation["reservation_id"]
    columns = (
        event.tenant_id,
        named,
        reservation["order_id"],
        reservation["status"],
        reservation["expires_at"] or "",
        str(event.version),
        event.value.decode(),
    )
    yield Row((event.tenant_id, named), event.version, columns)


_TYPES: Final = frozenset(
    f"reservation.{what}" for what in ("created", "rebound", "released", "consumed", "expired")
)
_MERGE: Final = """
INSERT INTO reservation AS old
SELECT tenant_id, reservation_id, order_id, status, nullif(expires_at, '')::timestamptz, version,
    body
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
    AS new(tenant_id, reservation_id, order_id, status, expires_at, version, body)
ORDER BY tenant_id, reservation_id
ON CONFLICT (tenant_id, reservation_id) DO UPDATE
SET order_id = excluded.order_id, status = excluded.status, expires_at = excluded.expires_at,
    version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

RESERVATION: Final = Table("reservation", _TYPES, _rows, _MERGE)
