"""Read table reservation: each promise as it stands, with its lines in its body."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table
from ledger.copy import escaped, optional


def _rows(event: Event) -> Iterable[Row]:
    reservation = orjson.loads(event.value)
    named = reservation["reservation_id"]
    columns = (
        event.tenant_id,
        named,
        escaped(reservation["order_id"]),
        reservation["status"],
        optional(reservation["expires_at"]),
        str(event.version),
        event.value.decode().replace("\\", "\\\\"),  # compact JSON has no other mark of COPY's
    )
    yield Row((event.tenant_id, named), event.version, "\t".join(columns))


_TYPES: Final = frozenset(
    f"reservation.{what}" for what in ("created", "released", "consumed", "expired")
)
_STAGE: Final = """
CREATE TEMP TABLE IF NOT EXISTS new_reservation (LIKE reservation) ON COMMIT DELETE ROWS
"""
_COPY: Final = "COPY new_reservation FROM STDIN"
_MERGE: Final = """
INSERT INTO reservation AS old SELECT * FROM new_reservation ORDER BY tenant_id, reservation_id
ON CONFLICT (tenant_id, reservation_id) DO UPDATE
SET order_id = excluded.order_id, status = excluded.status, expires_at = excluded.expires_at,
    version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

RESERVATION: Final = Table("reservation", _TYPES, _rows, _STAGE, _COPY, _MERGE)
