"""The idempotency rows: each names the command that it stands for, and no command lacks its row."""

from datetime import timedelta
from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

# A command that lacks its row is passed over once the row may have aged out.
_DIFFERENCE: Final = """
SELECT format('tenant %%s shard %%s sequence %%s', tenant_id, shard, sequence),
    'identity ' || encode(t.identity, 'hex') || ' of actor ' || t.actor_id,
    'identity ' || encode(i.identity, 'hex') || ' of actor ' || i.actor_id
FROM told_command t FULL JOIN idempotency i USING (tenant_id, shard, sequence)
WHERE (t.identity, t.actor_id) IS DISTINCT FROM (i.identity, i.actor_id)
    AND (i.identity IS NOT NULL OR t.recorded_at > now() - %(retention)s)
ORDER BY tenant_id, shard, sequence LIMIT 1
"""
_TWICE: Final = """
SELECT format('tenant %s identity %s', tenant_id, encode(identity, 'hex')), 'one row',
    format('%s rows', count(*))
FROM idempotency GROUP BY tenant_id, identity HAVING count(*) > 1
ORDER BY tenant_id, identity LIMIT 1
"""


def check(tx: Transaction, retention: timedelta) -> tuple[int, Finding | None]:
    """Every row's identity is its command's, once; commands within `retention` have their row."""
    wrong = first(tx, "idempotency", _DIFFERENCE, {"retention": retention})
    return count(tx, "idempotency"), wrong or first(tx, "idempotency", _TWICE)
