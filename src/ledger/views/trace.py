"""What was made of a lot, or what it was made of; and who sent it, and who has it, as events tell it."""

from typing import Any, Final, NamedTuple

from ledger.trace import BACK, FORWARD, reached_statement, traces
from ledger.tracing import Trace
from ledger.views.pool import Pool, rows

READ: Final = "stockyard_read."
_REACHED: Final = {way: reached_statement(READ, way) for way in (FORWARD, BACK)}

# A receipt names the papers that goods came with, a reservation the order that they left for.
_ENTRIES: Final = """
SELECT e.sku, e.lot, e.from_account, e.to_account, e.document, e.reason,
    trim_scale(sum(e.quantity))::text, coalesce(max(c.reference), max(r.order_id)),
    to_char(min(e.moved_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, lot)
JOIN stockyard_read.ledger_entry e USING (tenant_id, sku, lot)
LEFT JOIN stockyard_read.receipt c ON (c.tenant_id, c.receipt_id) = (e.tenant_id, e.document)
LEFT JOIN stockyard_read.reservation r
    ON (r.tenant_id, r.reservation_id) = (e.tenant_id, e.document)
WHERE e.lot <> ''
GROUP BY e.sku, e.lot, e.from_account, e.to_account, e.document, e.reason
ORDER BY min(e.moved_at), e.sku, e.lot, e.document, e.from_account, e.to_account, e.reason
LIMIT %s
"""


class Went(NamedTuple):
    """How much of a lot went from one account to another by a document, the first of it when.

    `reference` is what the vendor's papers, or the order that it left for, are known by.
    """

    sku: str
    lot: str
    from_account: str
    to_account: str
    document: str
    reason: str
    quantity: str
    reference: str | None
    at: str


class Traced(NamedTuple):
    """All lots that one leads to, itself first; and the ways that all of them went."""

    trace: Trace
    went: list[Went]


async def trace(
    pool: Pool, tenant_id: str, sku: str, lot: str, *, back: bool, limit: int
) -> Traced:
    """What was made of a lot, or, `back`, what it was made of; with at most so many of its ways.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    asked: list[Any] = [[tenant_id], [sku], [lot]]
    statement = _REACHED[BACK if back else FORWARD]
    found = traces(await rows(pool, statement, asked))[tenant_id, sku, lot]
    lots = [each for each in found.lots if each.lot]
    of = [[tenant_id] * len(lots), [each.sku for each in lots], [each.lot for each in lots]]
    went = await rows(pool, _ENTRIES, [*of, limit])
    return Traced(found, [Went(*each) for each in went])
