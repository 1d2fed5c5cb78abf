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
