"""Table value_currency: by which currency each tenant's values are kept, as its books had it when last looked at."""

from collections import defaultdict
from typing import Final

from ledger.connection import Transaction
from ledger.valuation.money import DECIMALS, decimals_of

_STATED: Final = """
SELECT p.tenant_id FROM period p LEFT JOIN value_currency v USING (tenant_id)
WHERE p.currency IS DISTINCT FROM v.currency
"""
# Whoever has one of the items in hand keeps its values by the currency before: that is waited for.
_LOCK: Final = """
SELECT FROM value_item WHERE tenant_id = ANY(%s) ORDER BY tenant_id, sku FOR NO KEY UPDATE
"""
_ANEW: Final = (
    "DELETE FROM value_work WHERE tenant_id = ANY(%s)",
    """
    INSERT INTO value_wait SELECT tenant_id, sku, '0001-01-01 00:00:00+00', 0, 0, 0, 0
    FROM value_item WHERE tenant_id = ANY(%s)
    """,
    """
    INSERT INTO value_currency (tenant_id, currency)
    SELECT tenant_id, currency FROM period WHERE tenant_id = ANY(%s)
    ON CONFLICT (tenant_id) DO UPDATE SET currency = excluded.currency
    """,
)
_KEPT: Final = "SELECT tenant_id, currency FROM value_currency"


def take_in(tx: Transaction) -> None:
    """Let all values be made anew of tenants who stated their currency since. One process at a time."""
    tenants = [row[0] for row in tx.execute(_STATED).fetchall()]
    if tenants:
        for statement in (_LOCK, *_ANEW):
            tx.execute(statement.encode(), [tenants])


def decimals(tx: Transaction) -> defaultdict[str, int]:
    """How many decimals amounts of each tenant have. To be asked once the items are locked."""
    found = {row[0]: decimals_of(row[1]) for row in tx.execute(_KEPT)}
    return defaultdict(lambda: DECIMALS, found)
