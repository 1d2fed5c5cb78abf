"""What could be promised now: stock by item and location, less what is promised and held."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final, LiteralString, NamedTuple

from ledger.views.pool import Pool, rows

Place = tuple[str, str]
"""An item's code and a location's: what a page of availability is ordered by."""


class Wanted(NamedTuple):
    """Which stock is asked for; None leaves a side open."""

    tenant_id: str
    skus: Sequence[str] | None
    location: str | None
    lot: str | None
    only_available: bool


class Availability(NamedTuple):
    """One item at one location, over all lots or the one asked for; exact decimals as text."""

    sku: str
    location: str
    owned: str
    reserved: str
    held: str
    incoming: str
    available: str
    changed_at: datetime


# A reservation past its time counts as released at once, whether or not a worker has swept it.
# Both tables are read in one statement; should they be a moment apart, no more than is there and
# not held is ever called available.
_QUERY: Final = """
WITH overdue AS (
    SELECT sku, location, lot, sum(quantity) AS quantity
    FROM stockyard_read.overdue_hold WHERE tenant_id = %(tenant_id)s
    GROUP BY sku, location, lot
), place AS (
    SELECT sku, location, sum(on_hand) AS on_hand, sum(held) AS held, sum(incoming) AS incoming,
        sum(greatest(reserved - coalesce(quantity, 0), 0)) AS reserved,
        sum(CASE WHEN quantity IS NULL THEN available
            ELSE least(available + quantity, greatest(available, on_hand - held)) END) AS available,
        max(changed_at) AS changed_at
    FROM stockyard_read.level LEFT JOIN overdue USING (sku, location, lot)
    WHERE tenant_id = %(tenant_id)s {filters}
    GROUP BY sku, location
)
SELECT sku, location, trim_scale(on_hand)::text, trim_scale(reserved)::text,
    trim_scale(held)::text, trim_scale(incoming)::text, trim_scale(available)::text, changed_at
FROM place {having}
ORDER BY sku, location LIMIT %(limit)s
"""


async def availability(
    pool: Pool, wanted: Wanted, after: Place | None, limit: int
) -> list[Availability]:
    """At most `limit` places behind `after`, by item and location.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    query = _query(
        wanted.skus is not None,
        wanted.location is not None,
        wanted.lot is not None,
        after is not None,
        wanted.only_available,
    )
    after = after or ("", "")
    values = {**wanted._asdict(), "after_sku": after[0], "after_location": after[1], "limit": limit}
    return [Availability(*row) for row in await rows(pool, query, values)]


@cache
def _query(
    skus: bool,  # noqa: FBT001  # which filters there are
    location: bool,  # noqa: FBT001
    lot: bool,  # noqa: FBT001
    after: bool,  # noqa: FBT001
    only_available: bool,  # noqa: FBT001
) -> LiteralString:
    """The statement with only the filters that are used, so that each combination plans well."""
    filters: LiteralString = ""
    if skus:
        filters += " AND sku = ANY(%(skus)s)"
    if location:
        filters += " AND location = %(location)s"
    if lot:
        filters += " AND lot = %(lot)s"
    if after:
        filters += " AND (sku, location) > (%(after_sku)s, %(after_location)s)"
    having: LiteralString = "WHERE available > 0" if only_available else ""
    return _QUERY.format(filters=filters, having=having)
