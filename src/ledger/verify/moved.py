"""The movements: the very ones that the journal tells of, no more and no less."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_DIFFERENCE: Final = """
SELECT format('tenant %s shard %s sequence %s entry %s', tenant_id, shard, sequence, entry),
    CASE WHEN t.sku IS NOT NULL THEN format('%s', (t.sku, t.lot, t.serial, t.from_account,
        t.to_account, trim_scale(t.quantity), trim_scale(t.unit_cost), t.reason, t.document,
        t.actor_id, t.moved_at, t.effective_at)) END,
    CASE WHEN m.sku IS NOT NULL THEN format('%s', (m.sku, m.lot, m.serial, m.from_account,
        m.to_account, trim_scale(m.quantity), trim_scale(m.unit_cost), m.reason, m.document,
        m.actor_id, m.moved_at, m.effective_at)) END
FROM told_movement t FULL JOIN fresh_movement m USING (tenant_id, shard, sequence, entry)
WHERE (t.sku, t.lot, t.serial, t.from_account, t.to_account, t.quantity, t.unit_cost, t.reason,
        t.document, t.actor_id, t.moved_at, t.effective_at)
    IS DISTINCT FROM (m.sku, m.lot, m.serial, m.from_account, m.to_account, m.quantity,
        m.unit_cost, m.reason, m.document, m.actor_id, m.moved_at, m.effective_at)
ORDER BY tenant_id, shard, sequence, entry LIMIT 1
"""


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Every field of every movement is what its journal row tells, and no row is missing."""
    return count(tx, "fresh_movement"), first(tx, "movement", _DIFFERENCE)


_CORRECTED: Final = """
WITH sides AS (
    SELECT tenant_id, document, sku, from_account AS location, quantity AS gone, 0 AS come
    FROM fresh_movement WHERE to_account = '@correction'
    UNION ALL
    SELECT tenant_id, document, sku, to_account, 0, quantity
    FROM fresh_movement WHERE from_account = '@correction'
)
SELECT format('tenant %s correction %s sku %s location %s', tenant_id, document, sku, location),
    format('%s came in under another lot', trim_scale(sum(gone))),
    format('%s came in', trim_scale(sum(come)))
FROM sides GROUP BY tenant_id, document, sku, location HAVING sum(gone) <> sum(come)
ORDER BY tenant_id, document, sku, location LIMIT 1
"""


def corrected(tx: Transaction) -> tuple[int, Finding | None]:
    """What left one lot to be corrected came in under another, at the same place."""
    return count(tx, "fresh_movement"), first(tx, "movement", _CORRECTED)
