"""Documents of which there are few, items, lots, holds and others: each as its last command left it."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.documents import KINDS, RESERVATION
from ledger.verify.kind import Kind
from ledger.verify.report import Finding, count, first

_DIFFERENCE: Final = """
WITH last AS (
    SELECT DISTINCT ON ({key}) *, count(*) OVER (PARTITION BY {key}) AS told
    FROM told_{table} ORDER BY {key}, version DESC
)
SELECT format('tenant %s {table} %s', tenant_id, {named}),
    CASE WHEN l.told IS NOT NULL THEN
        format('%s after %s commands', (l.version, {told}, l.actor_id), l.told) END,
    CASE WHEN d.version IS NOT NULL THEN format('%s', (d.version, {kept}, d.actor_id)) END
FROM {table} d FULL JOIN last l USING ({key})
WHERE (d.version, d.version, {kept}, d.actor_id)
    IS DISTINCT FROM (l.told, l.version, {told}, l.actor_id)
ORDER BY {key} LIMIT 1
"""


def _difference(kind: Kind) -> str:
    told, kept = (", ".join(f"{side}.{name}" for name in kind.columns) for side in ("l", "d"))
    key = ", ".join(("tenant_id", *kind.key))
    named = f"({', '.join(kind.key)})" if kind.key else "''"
    return _DIFFERENCE.format(table=kind.table, key=key, named=named, told=told, kept=kept)


_STATEMENTS: Final = {kind.table: _difference(kind) for kind in KINDS if kind is not RESERVATION}
"""Reservations, of which there are many, have a check of their own."""


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Every description is the last one that a command gave, and every command was counted."""
    wrong = (first(tx, table, statement) for table, statement in _STATEMENTS.items())
    return sum(count(tx, table) for table in _STATEMENTS), next(filter(None, wrong), None)
