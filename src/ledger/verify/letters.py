"""The dead letters: a row for each that the journal tells of, and for no other.

Whether and when one was redriven is not of the journal: only its operators' word stands for it.
"""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_COLUMNS: Final = (
    "incarnation",
    "record_offset",
    "key_hash",
    "reason",
    "replays",
    "first_failed_at",
    "failed_at",
)
_DIFFERENCE: Final = """
SELECT format('tenant %s shard %s sequence %s', tenant_id, shard, sequence),
    CASE WHEN t.reason IS NOT NULL THEN format('%s', ({told})) END,
    CASE WHEN d.reason IS NOT NULL THEN format('%s', ({kept})) END
FROM told_letter t {how} JOIN dead_letter d USING (tenant_id, shard, sequence)
WHERE ({told}) IS DISTINCT FROM ({kept})
ORDER BY tenant_id, shard, sequence LIMIT 1
"""


def _difference(how: str) -> str:
    told, kept = (", ".join(f"{side}.{name}" for name in _COLUMNS) for side in ("t", "d"))
    return _DIFFERENCE.format(told=told, kept=kept, how=how)


_ALL: Final = _difference("FULL")
_TOLD: Final = _difference("LEFT")


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Every row is its letter's, and every letter has its row."""
    return count(tx, "dead_letter"), first(tx, "dead_letter", _ALL)


def told(tx: Transaction) -> tuple[int, Finding | None]:
    """The letters that were looked at have their rows."""
    return count(tx, "told_letter"), first(tx, "dead_letter", _TOLD)
