"""What stock is worth at any moment: by what had taken effect then, or by what the books of a day say."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.connection import Transaction


class Worth(NamedTuple):
    """What of an item is in one account, and its value."""

    sku: str
    account: str
    quantity: Decimal
    value: Decimal


_EFFECTIVE: Final = """
SELECT sku, account, trim_scale(sum(quantity)), trim_scale(sum(value)) FROM (
    SELECT sku, to_account AS account, quantity, 0 AS value FROM value_fact
    WHERE tenant_id = %(tenant)s AND kind = 'move' AND effective_at <= %(at)s
    UNION ALL
    SELECT sku, from_account, -quantity, 0 FROM value_fact
    WHERE tenant_id = %(tenant)s AND kind = 'move' AND effective_at <= %(at)s
    UNION ALL
    SELECT sku, to_account, 0, amount FROM value_entry
    WHERE tenant_id = %(tenant)s AND effective_at <= %(at)s
    UNION ALL
    SELECT sku, from_account, 0, -amount FROM value_entry
    WHERE tenant_id = %(tenant)s AND effective_at <= %(at)s
) AS each
WHERE %(sku)s::text IS NULL OR sku = %(sku)s
GROUP BY sku, account HAVING sum(quantity) <> 0 OR sum(value) <> 0
ORDER BY sku, account
"""


def valuation(tx: Transaction, tenant_id: str, at: datetime, sku: str | None = None) -> list[Worth]:
    """Quantity and value in every account at a moment, as is known today. Waits for nobody."""
    values = {"tenant": tenant_id, "at": at, "sku": sku}
    return [Worth(*row) for row in tx.execute(_EFFECTIVE.encode(), values)]


_BOOKED: Final = """
SELECT sku, account, trim_scale(sum(value)) FROM (
    SELECT sku, to_account AS account, amount AS value FROM value_entry
    WHERE tenant_id = %(tenant)s AND booked_on <= %(day)s
    UNION ALL
    SELECT sku, from_account, -amount FROM value_entry
    WHERE tenant_id = %(tenant)s AND booked_on <= %(day)s
) AS each
GROUP BY sku, account HAVING sum(value) <> 0 ORDER BY sku, account
"""


def booked(tx: Transaction, tenant_id: str, day: date) -> list[tuple[str, str, Decimal]]:
    """(item, account, value) by the books up to a day: of a closed one, the same for ever."""
    return list(tx.execute(_BOOKED.encode(), {"tenant": tenant_id, "day": day}))


_UNDER_WAY: Final = "SELECT DISTINCT sku FROM value_wait WHERE tenant_id = %s ORDER BY sku"


def under_way(tx: Transaction, tenant_id: str) -> list[str]:
    """The items whose values are being made: they hold up to what was reached, and not yet beyond."""
    return [row[0] for row in tx.execute(_UNDER_WAY.encode(), [tenant_id])]
