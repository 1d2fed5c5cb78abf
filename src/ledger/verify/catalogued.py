"""The catalog: items and locations as the last of their commands described them."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_DIFFERENCE: Final = """
WITH last AS (
    SELECT DISTINCT ON (tenant_id, {key}) *,
        count(*) OVER (PARTITION BY tenant_id, {key}) AS told
    FROM told_{table} ORDER BY tenant_id, {key}, version DESC
)
SELECT format('tenant %s {table} %s', tenant_id, {key}),
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
_LOCATIONS: Final = _difference("location", "code", ("name",))


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Every description is the last one that a command gave, and every command was counted."""
    wrong = first(tx, "item", _ITEMS) or first(tx, "location", _LOCATIONS)
    return count(tx, "item") + count(tx, "location"), wrong
