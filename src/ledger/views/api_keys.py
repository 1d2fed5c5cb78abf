"""Who a key stands for, while it is good."""

from typing import Any, Final, NamedTuple

from ledger.views.pool import Pool, rows

_BEARER: Final = """
SELECT tenant_id, subject, key_id, scopes, locations,
    extract(epoch FROM expires_at - now())::float8
FROM stockyard_access.api_key
WHERE key_hash = %(key_hash)s AND revoked_at IS NULL AND expires_at > now()
"""


class Bearer(NamedTuple):
    """Whom a key stands for, and for how many seconds yet."""

    tenant_id: str
    subject: str
    key_id: str
    scopes: list[str]
    locations: list[str] | None
    seconds_left: float


async def bearer(pool: Pool, key_hash: bytes) -> Bearer | None:
    """Whom the key of this hash stands for; None if it is revoked, over, or was never made."""
    values: dict[str, Any] = {"key_hash": key_hash}
    found = await rows(pool, _BEARER, values)
    return Bearer(*found[0]) if found else None
