"""Items, locations, lots, holds and transfers: each as the last of its commands left it."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_DIFFERENCE: Final = """
WITH last AS (
    SELECT DISTINCT ON (tenant_id, {key}) *,
        count(*) OVER (PARTITION BY tenant_id, {key}) AS told
    FROM told_{table} ORDER BY tenant_id, {key}, version DESC
)
SELECT format('tenant %s {table} %s', tenant_id, ({key})),
    CASE WHEN l.told IS NOT NULL THEN
        format('%s after %s commands', (l.version, {told}, l.actor_id), l.told) END,
    CASE WHEN d.version IS NOT NULL THEN format('%s', (d.version, {kept}, d.actor_id)) END
FROM {table} d FULL JOIN last l USING (tenant_id, {key})
WHERE (d.version, d.version, {kept}, d.actor_id)
    IS DISTINCT FROM (l.told, l.version, {told}, l.actor_id)
ORDER BY tenant_id, {key} LIMIT 1
"""


def _difference(table: str, key: str, columns: tuple[str, ...]) -> str:
    told, kept = (", ".join(f"{side}.{name}" for name in columns) for side in ("l", "d"))
    return _DIFFERENCE.format(table=table, key=key, told=told, kept=kept)


_ITEMS: Final = _difference("item", "sku", ("name", "uom", "track_by", "barcode"))
_LOCATIONS: Final = _difference("location", "code", ("name", "time_zone"))
_LOTS: Final = _difference(
    "lot",
    "sku, lot",
    ("status", "reason", "expires_on", "best_before_on", "remove_on", "alert_on"),
)
_HOLDS: Final = _difference("hold", "hold_id", ("sku", "status", "reason", "lines", "created_at"))
_TRANSFERS: Final = _difference(
    "transfer",
    "transfer_id",
    ("from_location", "to_location", "status", "reference", "reason", "lines", "created_at"),
)
_STATEMENTS: Final = {
    "item": _ITEMS,
    "location": _LOCATIONS,
    "lot": _LOTS,
    "hold": _HOLDS,
    "transfer": _TRANSFERS,
}


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Every description is the last one that a command gave, and every command was counted."""
    wrong = (first(tx, table, statement) for table, statement in _STATEMENTS.items())
    return sum(count(tx, table) for table in _STATEMENTS), next(filter(None, wrong), None)
