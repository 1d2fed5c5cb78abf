"""What became of a command, as the results topic told it."""

from typing import Final

from ledger.views.pool import Pool, rows

_RESULT: Final = """
SELECT result FROM stockyard_read.command_result
WHERE tenant_id = %(tenant_id)s AND identity = %(identity)s
"""


async def result(pool: Pool, tenant_id: str, identity: bytes) -> str | None:
    """The command's result as JSON; None while nobody has decided it, or if it never came."""
    found = await rows(pool, _RESULT, {"tenant_id": tenant_id, "identity": identity})
    return found[0][0] if found else None
