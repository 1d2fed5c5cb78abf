"""Table lot: what is known of each lot, wherever it lies."""

from collections.abc import Collection
from typing import Final

from ledger import keyed
from ledger.connection import Transaction
from ledger.documents import Lot

_COLUMNS: Final = (
    "tenant_id, sku, lot, status, reason, expires_on, best_before_on, remove_on, alert_on, version"
)
_LOTS: Final = f"""
SELECT {", ".join("l." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, lot)
JOIN lot l USING (tenant_id, sku, lot) ORDER BY l.tenant_id, l.sku, l.lot
"""  # noqa: S608  # the columns are ours
_FOR_UPDATE: Final = " FOR NO KEY UPDATE OF l"

LotKey = tuple[str, str, str]
"""Tenant, item and lot."""


def load(tx: Transaction, asked: Collection[LotKey], *, lock: bool) -> dict[LotKey, Lot]:
    """The lots that somebody described, by (tenant, item, lot).

    Whoever reads without the lock has locked balances of the lot before: who changes a lot's
    status locks those too.
    """
    statement = _LOTS + (_FOR_UPDATE if lock else "")
    return {(row[0], row[1], row[2]): Lot(*row) for row in keyed.rows(tx, statement, asked)}


_SAVE: Final = f"""
INSERT INTO lot AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[],
    %s::date[], %s::date[], %s::date[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, sku, lot) DO UPDATE
SET status = excluded.status, reason = excluded.reason, expires_on = excluded.expires_on,
    best_before_on = excluded.best_before_on, remove_on = excluded.remove_on,
    alert_on = excluded.alert_on, version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, lots: Collection[tuple[Lot, str]]) -> None:
    """Store lots, each with the actor who described it.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    keyed.save(tx, _SAVE, [(*lot, actor_id) for lot, actor_id in lots])
