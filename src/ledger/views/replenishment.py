"""Replenishment as the read tables have it: policies, recommendations, and how places stand."""

from decimal import Decimal
from typing import Final, Literal, NamedTuple

from ledger.ordering import status
from ledger.views.pool import Pool, rows

Status = Literal["open", "accepted", "dismissed", "settled", "withdrawn"]

_POLICIES: Final = """
SELECT body FROM stockyard_read.replenishment
WHERE tenant_id = %(tenant_id)s
    AND (sku COLLATE "C", location COLLATE "C") > (%(sku)s, %(location)s)
ORDER BY sku COLLATE "C", location COLLATE "C" LIMIT %(limit)s
"""


async def policies(pool: Pool, tenant_id: str, after: tuple[str, str], limit: int) -> list[str]:
    """At most `limit` policies as JSON, behind an (item, location), in that order.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {"tenant_id": tenant_id, "sku": after[0], "location": after[1], "limit": limit}
    return [row[0] for row in await rows(pool, _POLICIES, asked)]


_ONE: Final = """
SELECT body FROM stockyard_read.recommendation
WHERE tenant_id = %(tenant_id)s AND recommendation_id = %(recommendation_id)s
"""


async def recommendation(pool: Pool, tenant_id: str, recommendation_id: str) -> str | None:
    """The recommendation as JSON, with its arithmetic; None if there is none.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {"tenant_id": tenant_id, "recommendation_id": recommendation_id}
    found = await rows(pool, _ONE, asked)
    return found[0][0] if found else None


_LISTED: Final = """
SELECT body FROM stockyard_read.recommendation
WHERE tenant_id = %(tenant_id)s AND status = %(status)s AND recommendation_id > %(after)s
ORDER BY recommendation_id LIMIT %(limit)s
"""


async def recommendations(
    pool: Pool, tenant_id: str, of: Status, after: str, limit: int
) -> list[str]:
    """At most `limit` recommendations of a status as JSON, behind an id, in the order of their ids.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {"tenant_id": tenant_id, "status": of, "after": after, "limit": limit}
    return [row[0] for row in await rows(pool, _LISTED, asked)]


class Standing(NamedTuple):
    """How a place stands: what is available there, and which threshold that has reached."""

    sku: str
    location: str
    available: Decimal
    status: str
    recommendation_id: str | None
    """The open recommendation, where there is one."""


# The point of a place that states none is the one that was last reckoned there.
_STANDINGS: Final = """
SELECT p.sku, p.location, coalesce((
        SELECT sum(l.on_hand - l.reserved - l.held) FROM stockyard_read.level l
        WHERE (l.tenant_id, l.sku, l.location) = (p.tenant_id, p.sku, p.location)), 0),
    coalesce(p.safety_stock, (r.arithmetic ->> 'safety_stock')::numeric),
    coalesce(p.reorder_point, (r.arithmetic ->> 'point')::numeric),
    p.maximum, CASE WHEN r.status = 'open' THEN r.recommendation_id END
FROM stockyard_read.replenishment p
LEFT JOIN LATERAL (
    SELECT recommendation_id, status, body::jsonb -> 'arithmetic' AS arithmetic
    FROM stockyard_read.recommendation r
    WHERE (r.tenant_id, r.sku, r.location) = (p.tenant_id, p.sku, p.location)
    ORDER BY r.created_at DESC, r.recommendation_id DESC LIMIT 1
) r ON true
WHERE p.tenant_id = %(tenant_id)s
    AND (p.sku COLLATE "C", p.location COLLATE "C") > (%(sku)s, %(location)s)
ORDER BY p.sku COLLATE "C", p.location COLLATE "C" LIMIT %(limit)s
"""


async def standings(
    pool: Pool, tenant_id: str, after: tuple[str, str], limit: int
) -> list[Standing]:
    """How at most `limit` places stand that have a policy, behind an (item, location), in that order.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {"tenant_id": tenant_id, "sku": after[0], "location": after[1], "limit": limit}
    return [
        Standing(sku, location, available, status(available, low, point, maximum), named)
        for sku, location, available, low, point, maximum, named in await rows(
            pool, _STANDINGS, asked
        )
    ]
