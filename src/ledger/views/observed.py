"""What can be observed of places that are replenished: demand, and lead times against what was promised."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ledger.observing import Moved, demand_of
from ledger.replenishing import Demand, LeadTime
from ledger.views.pool import Pool, rows
from schemas.commands.replenishment import DAYS_MAX

Place = tuple[str, str]
"""Item and location."""

_NOW: Final = """
SELECT a.sku, a.location, p.time_zone, coalesce((
    SELECT sum(l.on_hand) FROM stockyard_read.level l
    WHERE (l.tenant_id, l.sku, l.location) = (p.tenant_id, a.sku, a.location)), 0)
FROM unnest(%(skus)s::text[], %(locations)s::text[]) AS a(sku, location)
JOIN stockyard_read.location p ON p.tenant_id = %(tenant_id)s AND p.code = a.location
"""
# A day is one of the location's own, that on which something took effect, and is told since a moment
# by an index: what is dated back was told later.
_MOVED: Final = """
SELECT a.sku, a.location, (coalesce(m.effective_at, m.moved_at) AT TIME ZONE p.time_zone)::date,
    sum(CASE WHEN m.to_account = a.location THEN m.quantity ELSE -m.quantity END),
    coalesce(sum(m.quantity) FILTER (WHERE m.to_account IN ('@customer', '@production')), 0),
    bool_or(m.to_account = a.location)
FROM unnest(%(skus)s::text[], %(locations)s::text[]) AS a(sku, location)
JOIN stockyard_read.location p ON p.tenant_id = %(tenant_id)s AND p.code = a.location
JOIN stockyard_read.ledger_entry m ON m.tenant_id = %(tenant_id)s AND m.sku = a.sku
    AND m.moved_at > %(since)s AND a.location IN (m.from_account, m.to_account)
GROUP BY 1, 2, 3
"""


async def demand(
    pool: Pool, tenant_id: str, places: Sequence[Place], now: datetime, window: int
) -> Mapping[Place, Demand]:
    """What was asked for a day at places, over so many days before today; none where nothing was.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {
        "tenant_id": tenant_id,
        "skus": [sku for sku, _ in places],
        "locations": [location for _, location in places],
        "since": now - timedelta(days=window + 2),  # the window's first day, in any time zone
    }
    moved: defaultdict[Place, dict[date, Moved]] = defaultdict(dict)
    for sku, location, day, net, left, came_in in await rows(pool, _MOVED, asked):
        moved[sku, location][day] = Moved(net, left, came_in)
    found = {
        (sku, location): demand_of(
            on_hand, moved[sku, location], now.astimezone(ZoneInfo(time_zone)).date(), window
        )
        for sku, location, time_zone, on_hand in await rows(pool, _NOW, asked)
    }
    return {place: each for place, each in found.items() if each is not None}


class VendorTime(NamedTuple):
    """How long a vendor's goods took, in days; what was promised where it was."""

    sku: str
    vendor_id: str
    receipts: int
    mean: Decimal
    sigma: Decimal
    promised: int
    """So many of the receipts came with a promise; the rest is about those."""
    promised_mean: Decimal | None
    late_mean: Decimal | None
    """How much later than promised they came, on average; below zero: earlier."""
    on_time: int


_DAYS: Final = "extract(epoch FROM {} - {}) / 86400"
_TOOK: Final = _DAYS.format("received_at", "ordered_at")
_LATE: Final = _DAYS.format("received_at", "promised_at")
_VENDORS: Final = f"""
SELECT sku, vendor_id, count(*), round(avg({_TOOK}), 6), coalesce(round(stddev_samp({_TOOK}), 6), 0),
    count(promised_at), round(avg({_DAYS.format("promised_at", "ordered_at")}), 6),
    round(avg({_LATE}), 6), count(*) FILTER (WHERE received_at <= promised_at)
FROM (
    SELECT DISTINCT sku, vendor_id, receipt_id, ordered_at, promised_at, received_at
    FROM stockyard_read.lead_time
    WHERE tenant_id = %(tenant_id)s AND sku = ANY(%(skus)s) AND received_at > %(since)s
) AS receipt
GROUP BY sku, vendor_id ORDER BY sku COLLATE "C", vendor_id COLLATE "C"
"""  # noqa: S608  # no part of it comes from outside
# An order of more than ten years ago is a mistake that should not stand for all others.
_ITEMS: Final = f"""
SELECT sku, round(avg({_TOOK}), 6), coalesce(round(stddev_samp({_TOOK}), 6), 0), count(*)
FROM (
    SELECT DISTINCT sku, receipt_id, ordered_at, received_at FROM stockyard_read.lead_time
    WHERE tenant_id = %(tenant_id)s AND sku = ANY(%(skus)s) AND received_at > %(since)s
        AND {_TOOK} <= {DAYS_MAX}
) AS receipt
GROUP BY sku
"""  # noqa: S608  # no part of it comes from outside


async def vendor_times(
    pool: Pool, tenant_id: str, skus: Sequence[str], since: datetime
) -> list[VendorTime]:
    """How long items took since a moment, by item and vendor, in that order.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {"tenant_id": tenant_id, "skus": list(skus), "since": since}
    return [VendorTime(*row) for row in await rows(pool, _VENDORS, asked)]


async def lead_times(
    pool: Pool, tenant_id: str, skus: Sequence[str], since: datetime
) -> Mapping[str, LeadTime]:
    """How long items took since a moment, whoever sent them.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked = {"tenant_id": tenant_id, "skus": list(skus), "since": since}
    return {row[0]: LeadTime(*row[1:]) for row in await rows(pool, _ITEMS, asked)}
