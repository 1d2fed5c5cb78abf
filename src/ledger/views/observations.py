"""Places as they can be observed now: the bodies of `replenishment.observe`, page by page."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

from ledger.replenishing import PLACES_MAX
from ledger.views.observed import demand, lead_times
from ledger.views.pool import Pool, rows

LEAD_DAYS: Final = 365
"""Orders are few: lead times are those of a year."""

_PLACES: Final = """
SELECT sku, location FROM stockyard_read.replenishment
WHERE tenant_id = %(tenant_id)s AND kind <> 'none'
    AND (sku COLLATE "C", location COLLATE "C") > (%(sku)s, %(location)s)
ORDER BY sku COLLATE "C", location COLLATE "C" LIMIT %(limit)s
"""


async def bodies(
    pool: Pool, tenant_id: str, now: datetime, window: int
) -> AsyncIterator[dict[str, Any]]:
    """What is seen of all places of a tenant that have a policy, some hundreds at a time.

    Demand is of the `window` days before today. What nobody could observe is null.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    sku, location = "", ""
    while True:
        asked = {"tenant_id": tenant_id, "sku": sku, "location": location, "limit": PLACES_MAX}
        places = [(row[0], row[1]) for row in await rows(pool, _PLACES, asked)]
        if not places:
            return
        asked_for = await demand(pool, tenant_id, places, now, window)
        skus = sorted({place[0] for place in places})
        took = await lead_times(pool, tenant_id, skus, now - timedelta(days=LEAD_DAYS))
        lines = [
            {
                "sku": place[0],
                "location": place[1],
                "demand": asked_for[place].told if place in asked_for else None,
                "lead_time": took[place[0]].told if place[0] in took else None,
            }
            for place in places
        ]
        yield {"lines": lines}
        sku, location = places[-1]
