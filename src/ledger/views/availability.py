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
    channel: str | None = None
    """By which it would be sold: what its buffer keeps back is not for it."""
    for_reservation: str | None = None
    for_order: str | None = None
    """On whose behalf: what is promised to them already is no competition, and is added back."""
    locations: Sequence[str] | None = None
    """The only ones that may be seen; None: all."""


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
    backordered: str
    buffer: str
    channel_available: str


# What lies in a lot that is recalled, quarantined or past its last day (by the calendar of the
# place) is on hand, and none of it is available.
_UNUSABLE: Final = """c.lot <> '' AND EXISTS (
        SELECT FROM stockyard_read.lot l
        LEFT JOIN stockyard_read.location p ON (p.tenant_id, p.code) = (l.tenant_id, c.location)
        WHERE l.tenant_id = %(tenant_id)s AND l.sku = c.sku AND l.lot = c.lot
            AND (l.status <> 'active'
                OR l.expires_on < (now() AT TIME ZONE coalesce(p.time_zone, 'UTC'))::date)
    )"""
# What the one who asks is promised, as long as it has not run out: that is among the overdue then.
_OWN: Final = """
    UNION ALL
    SELECT line.sku, line.location, coalesce(line.lot, ''),
        line.reserved - line.released - line.consumed
    FROM stockyard_read.reservation r CROSS JOIN LATERAL
        jsonb_to_recordset(r.body::jsonb -> 'lines') AS line(sku text, location text, lot text,
        reserved numeric, released numeric, consumed numeric)
    WHERE r.tenant_id = %(tenant_id)s AND r.status = 'active'
        AND (r.expires_at IS NULL OR r.expires_at > now()) AND {whose}
"""
# Of a page's places only: the more specific policy that speaks of buffers, and in it the word for
# the channel, or for all that are not named.
_BUFFER: Final = """
LEFT JOIN LATERAL (
    SELECT (b ->> 'quantity')::numeric AS kept
    FROM (SELECT p.buffers::jsonb AS buffers FROM stockyard_read.policy p
        WHERE p.tenant_id = %(tenant_id)s AND p.sku = page.sku
            AND p.location IN ('', page.location) AND p.buffers IS NOT NULL
        ORDER BY p.location DESC LIMIT 1) AS said
    CROSS JOIN LATERAL jsonb_array_elements(said.buffers) b
    WHERE coalesce(b ->> 'channel', %(channel)s) = %(channel)s
    ORDER BY b ->> 'channel' NULLS LAST LIMIT 1
) AS buffer ON true
"""
_NO_BUFFER: Final = "CROSS JOIN (SELECT 0::numeric AS kept) AS buffer"
# A reservation past its time counts as released at once, whether or not a worker has swept it.
# Should the two tables be a moment apart, no more is given back than the level has promised.
_QUERY: Final = """
WITH promised AS (
    SELECT sku, location, lot, quantity
    FROM stockyard_read.overdue_hold WHERE tenant_id = %(tenant_id)s {own}
), back AS (
    SELECT sku, location, lot, sum(quantity) AS quantity FROM promised
    GROUP BY sku, location, lot
), counted AS (
    SELECT sku, location, lot, on_hand, held, incoming, changed_at,
        greatest(reserved - coalesce(quantity, 0), 0) AS reserved,
        available + least(coalesce(quantity, 0), reserved) AS free
    FROM stockyard_read.level LEFT JOIN back USING (sku, location, lot)
    WHERE tenant_id = %(tenant_id)s
), stock AS (
    SELECT c.*, CASE WHEN {unusable} THEN least(c.free, 0) ELSE c.free END AS available
    FROM counted c
), page AS (
    SELECT sku, location, sum(on_hand) AS on_hand, sum(reserved) AS reserved, sum(held) AS held,
        sum(incoming) AS incoming, sum(available) AS available, max(changed_at) AS changed_at,
        sum(least(greatest(reserved + held - greatest(on_hand, 0), 0), reserved)) AS backordered
    FROM stock WHERE true {filters}
    GROUP BY sku, location {having}
    ORDER BY sku, location LIMIT %(limit)s
)
SELECT sku, location, trim_scale(on_hand)::text, trim_scale(reserved)::text,
    trim_scale(held)::text, trim_scale(incoming)::text, trim_scale(available)::text,
    to_char(changed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), trim_scale(backordered)::text,
    trim_scale(coalesce(kept, 0))::text,
    trim_scale(greatest(available - coalesce(kept, 0), 0))::text
FROM page {buffer} ORDER BY sku, location
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
    if wanted.channel is not None:
        values["channel"] = wanted.channel
    if wanted.for_reservation is not None:
        values["for_reservation"] = wanted.for_reservation
    if wanted.for_order is not None:
        values["for_order"] = wanted.for_order
    if wanted.locations is not None:
        values["locations"] = wanted.locations
    query = _query(frozenset(values), wanted.only_available)
    return [Availability(*row) for row in await rows(pool, query, values)]


_FILTERS: Final[dict[str, LiteralString]] = {
    "sku": " AND sku = %(sku)s",
    "skus": " AND sku = ANY(%(skus)s)",
    "location": " AND location = %(location)s",
    "locations": " AND location = ANY(%(locations)s)",
    "lot": " AND lot = %(lot)s",
    "after_sku": " AND (sku, location) > (%(after_sku)s, %(after_location)s)",
}
_WHOSE: Final[dict[str, LiteralString]] = {
    "for_reservation": "r.reservation_id = %(for_reservation)s",
    "for_order": "r.order_id = %(for_order)s",
}


@cache
def _query(used: frozenset[str], only_available: bool) -> LiteralString:  # noqa: FBT001  # a key
    """The statement with only the filters that are used, so that each combination plans well."""
    filters: LiteralString = ""
    for name, text in _FILTERS.items():
        if name in used:
            filters += text
    having: LiteralString = "HAVING sum(available) > 0" if only_available else ""
    whose: LiteralString = " AND ".join(text for name, text in _WHOSE.items() if name in used)
    own: LiteralString = _OWN.format(whose=whose) if whose else ""
    buffer: LiteralString = _BUFFER if "channel" in used else _NO_BUFFER
    return _QUERY.format(filters=filters, having=having, unusable=_UNUSABLE, own=own, buffer=buffer)
