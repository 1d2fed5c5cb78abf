"""What could be promised now: stock by item and location, less what is promised and held."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, LiteralString, NamedTuple

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
    changed_at: str


# What lies in a lot that is recalled, quarantined or past its last day (by the calendar of the
# place) is on hand, and none of it is available.
_UNUSABLE: Final = """c.lot <> '' AND EXISTS (
        SELECT FROM stockyard_read.lot l
        LEFT JOIN stockyard_read.location p ON (p.tenant_id, p.code) = (l.tenant_id, c.location)
        WHERE l.tenant_id = %(tenant_id)s AND l.sku = c.sku AND l.lot = c.lot
            AND (l.status <> 'active'
                OR l.expires_on < (now() AT TIME ZONE coalesce(p.time_zone, 'UTC'))::date)
    )"""
# A reservation past its time counts as released at once, whether or not a worker has swept it.
# Should the two tables be a moment apart, no more than is there and not held is called available.
_QUERY: Final = """
WITH overdue AS (
    SELECT sku, location, lot, sum(quantity) AS quantity
    FROM stockyard_read.overdue_hold WHERE tenant_id = %(tenant_id)s
    GROUP BY sku, location, lot
), counted AS (
    SELECT sku, location, lot, on_hand, held, incoming, changed_at,
        greatest(reserved - coalesce(quantity, 0), 0) AS reserved,
        CASE WHEN quantity IS NULL THEN available
            ELSE least(available + quantity, greatest(available, on_hand - held)) END AS free
    FROM stockyard_read.level LEFT JOIN overdue USING (sku, location, lot)
    WHERE tenant_id = %(tenant_id)s
), stock AS (
    SELECT c.*, CASE WHEN {unusable} THEN least(c.free, 0) ELSE c.free END AS available
    FROM counted c
)
SELECT sku, location, trim_scale(sum(on_hand))::text, trim_scale(sum(reserved))::text,
    trim_scale(sum(held))::text, trim_scale(sum(incoming))::text,
    trim_scale(sum(available))::text,
    to_char(max(changed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM stock WHERE true {filters}
GROUP BY sku, location {having}
ORDER BY sku, location LIMIT %(limit)s
"""


async def availability(
    pool: Pool, wanted: Wanted, after: Place | None, limit: int
) -> list[Availability]:
    """At most `limit` places behind `after`, by item and location.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    values: dict[str, Any] = {"tenant_id": wanted.tenant_id, "limit": limit}
    if wanted.skus is not None and len(wanted.skus) == 1:
        values["sku"] = wanted.skus[0]
    elif wanted.skus is not None:
        values["skus"] = wanted.skus
    if wanted.location is not None:
        values["location"] = wanted.location
    if wanted.lot is not None:
        values["lot"] = wanted.lot
    if after is not None:
        values["after_sku"], values["after_location"] = after
    query = _query(frozenset(values), wanted.only_available)
    return [Availability(*row) for row in await rows(pool, query, values)]


_FILTERS: Final[dict[str, LiteralString]] = {
    "sku": " AND sku = %(sku)s",
    "skus": " AND sku = ANY(%(skus)s)",
    "location": " AND location = %(location)s",
    "lot": " AND lot = %(lot)s",
    "after_sku": " AND (sku, location) > (%(after_sku)s, %(after_location)s)",
}


@cache
def _query(used: frozenset[str], only_available: bool) -> LiteralString:  # noqa: FBT001  # a key
    """The statement with only the filters that are used, so that each combination plans well."""
    filters: LiteralString = ""
    for name, text in _FILTERS.items():
        if name in used:
            filters += text
    having: LiteralString = "HAVING sum(available) > 0" if only_available else ""
    return _QUERY.format(filters=filters, having=having, unusable=_UNUSABLE)
