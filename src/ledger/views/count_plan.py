"""What a plan of counts is made from: stock, its worth, how much of it goes, and its last counts."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.count_plan import Stocked
from ledger.views.pool import Pool, rows

# The last line that was posted of each level, and whether anything else has moved it since.
_STOCKED: Final = """
SELECT l.sku, l.location, l.lot, l.on_hand, n.counted_at, n.expected, n.counted,
    coalesce(EXISTS (
        SELECT FROM stockyard_read.ledger_entry m
        WHERE m.tenant_id = l.tenant_id AND m.sku = l.sku AND m.lot = l.lot
            AND l.location IN (m.from_account, m.to_account) AND m.moved_at > n.counted_at
            AND m.document <> n.count_id), false)
FROM stockyard_read.level l LEFT JOIN LATERAL (
    SELECT * FROM stockyard_read.count_line c
    WHERE (c.tenant_id, c.location, c.sku, c.lot) = (l.tenant_id, l.location, l.sku, l.lot)
        AND c.expected IS NOT NULL
    ORDER BY c.counted_at DESC LIMIT 1
) n ON true
WHERE l.tenant_id = %(tenant_id)s AND l.location = %(location)s
ORDER BY l.sku, l.lot
"""


async def stocked(pool: Pool, tenant_id: str, location: str) -> list[Stocked]:
    """Every level of a location, and how it was found when it was last counted.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    values = {"tenant_id": tenant_id, "location": location}
    return [Stocked(*row) for row in await rows(pool, _STOCKED, values)]


# At the last unit cost that a receipt or an adjustment stated; what never had one is worth nothing.
_VALUES: Final = """
SELECT l.sku, sum(l.on_hand) * coalesce((
    SELECT m.unit_cost FROM stockyard_read.ledger_entry m
    WHERE m.tenant_id = %(tenant_id)s AND m.sku = l.sku AND m.unit_cost IS NOT NULL
    ORDER BY m.moved_at DESC, m.shard DESC, m.sequence DESC, m.entry DESC LIMIT 1), 0)
FROM stockyard_read.level l
WHERE l.tenant_id = %(tenant_id)s AND l.location = %(location)s GROUP BY l.sku
"""
_VELOCITIES: Final = """
SELECT m.sku, sum(m.quantity) FROM stockyard_read.ledger_entry m
WHERE m.tenant_id = %(tenant_id)s AND m.from_account = %(location)s AND m.moved_at > %(since)s
    AND m.to_account IN ('@customer', '@production')
GROUP BY m.sku
"""


async def values(pool: Pool, tenant_id: str, location: str) -> Mapping[str, Decimal]:
    """What each item at a location is worth.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    return dict(await rows(pool, _VALUES, {"tenant_id": tenant_id, "location": location}))


async def velocities(
    pool: Pool, tenant_id: str, location: str, since: datetime
) -> Mapping[str, Decimal]:
    """How much of each item has left a location for customers and production since a moment.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    wanted = {"tenant_id": tenant_id, "location": location, "since": since}
    return dict(await rows(pool, _VELOCITIES, wanted))


class Accuracy(NamedTuple):
    """How often the books of a location were right, of the lines that were counted and posted."""

    lines: int
    agreed: int
    variance: Decimal  # all of it, up and down added


_ACCURACY: Final = """
SELECT count(*), count(*) FILTER (WHERE counted = expected),
    coalesce(sum(abs(counted - expected)), 0)
FROM stockyard_read.count_line
WHERE tenant_id = %(tenant_id)s AND location = %(location)s AND expected IS NOT NULL
    AND counted_at > %(since)s
"""


async def accuracy(pool: Pool, tenant_id: str, location: str, since: datetime) -> Accuracy:
    """What the counts since a moment say of the books.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    wanted = {"tenant_id": tenant_id, "location": location, "since": since}
    return Accuracy(*(await rows(pool, _ACCURACY, wanted))[0])
