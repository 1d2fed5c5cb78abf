"""Which item a scanned code belongs to, and in which of its units."""

from typing import Final, NamedTuple

from ledger.views.pool import Pool, rows
from schemas.gs1 import looked_up

_BY_CODE: Final = """
SELECT i.sku, i.name, coalesce(b.unit, i.uom), i.active
FROM stockyard_read.item i CROSS JOIN LATERAL
    jsonb_to_recordset(i.barcodes::jsonb) AS b(code text, unit text)
WHERE i.tenant_id = %(tenant_id)s AND i.codes @> ARRAY[%(code)s] AND b.code = %(code)s
"""


class Scanned(NamedTuple):
    """The item behind a code; `unit` is the one that the code stands for."""

    sku: str
    name: str
    unit: str
    active: bool


async def scanned(pool: Pool, tenant_id: str, code: str) -> Scanned | None:
    """The item that a code belongs to, as a scanner read it: a GTIN in any of its lengths.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    found = await rows(pool, _BY_CODE, {"tenant_id": tenant_id, "code": looked_up(code)})
    return Scanned(*found[0]) if found else None
