"""The idempotency rows: each names the command that it stands for, and no command lacks its row."""

from datetime import timedelta
from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

# A command that lacks its row is passed over once the row may have aged out.
_DIFFERENCE: Final = """
SELECT format('tenant %%s shard %%s sequence %%s', tenant_id, shard, sequence),
    'identity ' || encode(t.identity, 'hex') || ' of actor ' || t.actor_id
        || ' at ' || t.recorded_at,
    'identity ' || encode(i.identity, 'hex') || ' of actor ' || i.actor_id
        || ' at ' || i.applied_at
FROM told_command t FULL JOIN idempotency i USING (tenant_id, shard, sequence)
WHERE (t.identity, t.actor_id, t.recorded_at)
        IS DISTINCT FROM (i.identity, i.actor_id, i.applied_at)
    AND (i.identity IS NOT NULL OR t.recorded_at > now() - %(retention)s)
ORDER BY tenant_id, shard, sequence LIMIT 1
"""


def check(tx: Transaction, retention: timedelta) -> tuple[int, Finding | None]:
    """Every row's identity is its command's; commands younger than `retention` have their row."""
    wrong = first(tx, "idempotency", _DIFFERENCE, {"retention": retention})
    return count(tx, "idempotency"), wrong


_TOLD: Final = """
SELECT format('tenant %%s shard %%s sequence %%s', t.tenant_id, t.shard, t.sequence),
    'identity ' || encode(t.identity, 'hex') || ' of actor ' || t.actor_id
        || ' at ' || t.recorded_at,
    format('shard %%s sequence %%s of actor %%s at %%s', i.shard, i.sequence, i.actor_id,
        i.applied_at)
FROM told_command t LEFT JOIN idempotency i USING (tenant_id, identity)
WHERE (t.shard, t.sequence, t.actor_id, t.recorded_at)
        IS DISTINCT FROM (i.shard, i.sequence, i.actor_id, i.applied_at)
    AND (i.identity IS NOT NULL OR t.recorded_at > now() - %(retention)s)
ORDER BY t.tenant_id, t.shard, t.sequence LIMIT 1
"""


def told(tx: Transaction, retention: timedelta) -> tuple[int, Finding | None]:
    """Every command that is told of has its row, by its identity; a row too many is not seen."""
    wrong = first(tx, "idempotency", _TOLD, {"retention": retention})
    return count(tx, "told_command"), wrong
