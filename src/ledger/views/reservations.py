"""What is promised to whom, as the read tables have it."""

from typing import Final

from ledger.views.pool import Pool, rows

_ONE: Final = """
SELECT body FROM stockyard_read.reservation
WHERE tenant_id = %(tenant_id)s AND reservation_id = %(reservation_id)s
"""


async def reservation(pool: Pool, tenant_id: str, reservation_id: str) -> str | None:
    """The reservation as JSON, None if there is none."""
    found = await rows(pool, _ONE, {"tenant_id": tenant_id, "reservation_id": reservation_id})
    return found[0][0] if found else None
