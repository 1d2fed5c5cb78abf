"""Which promises the stock of a place covers, the oldest first, and which wait for more."""

from decimal import Decimal
from typing import Final, NamedTuple

import orjson

from ledger.views.pool import Pool, rows


class Backorder(NamedTuple):
    """A promise at a place where not all are covered; what has shipped of it is left out."""

    reservation_id: str
    order_id: str
    filled: Decimal
    """So much of it lies there."""
    backordered: Decimal


# Reservations are looked through only where a level is short, and told apart by their text before
# it is taken apart. Of two of one moment the id that comes first is the older.
_WAITING: Final = """
WITH short AS (
    SELECT tenant_id, sku, location, on_hand - held AS there FROM stockyard_read.level
    WHERE tenant_id = %(tenant_id)s AND sku = %(sku)s AND location = %(location)s AND lot = ''
        AND reserved > on_hand - held
), promised AS (
    SELECT r.reservation_id, r.order_id, r.body::jsonb ->> 'created_at' AS created_at, s.there,
        sum(line.reserved - line.released - line.consumed) AS promised
    FROM short s JOIN stockyard_read.reservation r ON r.tenant_id = s.tenant_id
        AND r.status = 'active' AND (r.expires_at IS NULL OR r.expires_at > now())
        AND strpos(r.body, %(named)s) > 0
    CROSS JOIN LATERAL jsonb_to_recordset(r.body::jsonb -> 'lines') AS line(sku text, location text,
        reserved numeric, released numeric, consumed numeric)
    WHERE line.sku = s.sku AND line.location = s.location
    GROUP BY r.reservation_id, r.order_id, r.body, s.there
), aged AS (
    SELECT *, sum(promised) OVER (ORDER BY created_at, reservation_id COLLATE "C") - promised AS older
    FROM promised WHERE promised > 0
)
SELECT reservation_id, order_id, trim_scale(filled), trim_scale(promised - filled)
FROM aged CROSS JOIN LATERAL (SELECT least(greatest(there - older, 0), promised) AS filled) AS covered
ORDER BY created_at, reservation_id COLLATE "C" LIMIT %(limit)s
"""


async def backorders(
    pool: Pool, tenant_id: str, sku: str, location: str, limit: int
) -> list[Backorder]:
    """At most `limit` promises of an item at a location, the oldest first; none if all are covered.

    Of items without lots: others have no backorders.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {"tenant_id": tenant_id, "sku": sku, "location": location, "limit": limit}
    named = orjson.dumps(sku).decode()
    return [Backorder(*row) for row in await rows(pool, _WAITING, {**asked, "named": named})]
