"""The balances: each number follows from the movements and promises, and none was oversold."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_KEY: Final = "format('tenant %s sku %s location %s lot %L', tenant_id, sku, location, lot)"

_ON_HAND: Final = f"""
WITH entries AS (
    SELECT tenant_id, sku, to_account AS location, lot, quantity FROM fresh_movement
    UNION ALL
    SELECT tenant_id, sku, from_account, lot, -quantity FROM fresh_movement
    UNION ALL
    SELECT tenant_id, sku, location, lot, on_hand FROM since_level
), sums AS (
    SELECT tenant_id, sku, location, lot, sum(quantity) AS on_hand FROM entries
    WHERE location NOT LIKE '@%' GROUP BY tenant_id, sku, location, lot
)
SELECT {_KEY}, format('on_hand %s', trim_scale(coalesce(s.on_hand, 0))),
    'on_hand ' || trim_scale(b.on_hand)
FROM balance b FULL JOIN sums s USING (tenant_id, sku, location, lot)
WHERE b.on_hand IS DISTINCT FROM coalesce(s.on_hand, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def on_hand(tx: Transaction) -> tuple[int, Finding | None]:
    """What is on hand is what came in less what went out."""
    return count(tx, "balance"), first(tx, "balance", _ON_HAND)


_RESERVED: Final = f"""
WITH sums AS (
    SELECT tenant_id, sku, location, lot, sum(quantity) AS reserved FROM (
        TABLE told_commitment
        UNION ALL
        SELECT tenant_id, sku, location, lot, reserved FROM since_level
    ) AS promised
    GROUP BY tenant_id, sku, location, lot
)
SELECT {_KEY}, format('reserved %s', trim_scale(coalesce(s.reserved, 0))),
    'reserved ' || trim_scale(b.reserved)
FROM balance b FULL JOIN sums s USING (tenant_id, sku, location, lot)
WHERE b.reserved IS DISTINCT FROM coalesce(s.reserved, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def reserved(tx: Transaction) -> tuple[int, Finding | None]:
    """What is reserved is the sum of all promises that the journal tells of, given back or not."""
    return count(tx, "balance"), first(tx, "balance", _RESERVED)


# No command holds stock, announces any or allows backorders so far, so that nothing could explain
# such a number.
_AVAILABLE: Final = f"""
SELECT {_KEY}, format('available at least %s, nothing held, incoming or on backorder', trim_scale(-backorder_limit)),
    format('available %s, held %s, incoming %s, backorder_limit %s',
        trim_scale(on_hand - reserved - held), trim_scale(held), trim_scale(incoming),
        trim_scale(backorder_limit))
FROM balance
WHERE on_hand - reserved - held < -backorder_limit OR held <> 0 OR incoming <> 0
    OR backorder_limit <> 0
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def available(tx: Transaction) -> tuple[int, Finding | None]:
    """Nothing is promised beyond what the item allows."""
    return count(tx, "balance"), first(tx, "balance", _AVAILABLE)


_CONSERVATION: Final = """
WITH accounts AS (
    SELECT tenant_id, sku, lot, on_hand AS quantity FROM balance
    UNION ALL
    SELECT tenant_id, sku, lot, -on_hand FROM since_level
    UNION ALL
    SELECT tenant_id, sku, lot, quantity FROM fresh_movement WHERE to_account LIKE '@%'
    UNION ALL
    SELECT tenant_id, sku, lot, -quantity FROM fresh_movement WHERE from_account LIKE '@%'
)
SELECT format('tenant %s sku %s lot %L over all accounts', tenant_id, sku, lot), 'sum 0',
    format('sum %s', trim_scale(sum(quantity)))
FROM accounts GROUP BY tenant_id, sku, lot HAVING sum(quantity) <> 0
ORDER BY tenant_id, sku, lot LIMIT 1
"""


def conservation(tx: Transaction) -> tuple[int, Finding | None]:
    """Our locations and the virtual places together hold zero of every item and lot.

    They did so at the point where this proof begins, or it would not be one; what our locations
    hold more since then, the virtual places hold less.
    """
    return count(tx, "fresh_movement"), first(tx, "balance and movement", _CONSERVATION)


_RECORDED: Final = """
WITH told AS (
    SELECT DISTINCT ON (tenant_id, sku, location, lot) tenant_id, sku, location, lot, version,
        on_hand, reserved, count(*) OVER (PARTITION BY tenant_id, sku, location, lot) AS times
    FROM told_level ORDER BY tenant_id, sku, location, lot, version DESC
), last AS (
    SELECT tenant_id, sku, location, lot, coalesce(t.version, p.version) AS version,
        coalesce(t.on_hand, p.on_hand) AS on_hand, coalesce(t.reserved, p.reserved) AS reserved,
        coalesce(t.times, 0) + coalesce(p.version, 0) AS told
    FROM told t FULL JOIN since_level p USING (tenant_id, sku, location, lot)
)
SELECT format('tenant %s sku %s location %s lot %L', tenant_id, sku, location, lot),
    CASE WHEN l.told IS NOT NULL THEN
        format('on_hand %s, reserved %s, version %s as the journal tells last, of %s',
            trim_scale(l.on_hand), trim_scale(l.reserved), l.version, l.told) END,
    CASE WHEN b.version IS NOT NULL THEN
        format('on_hand %s, reserved %s, version %s',
            trim_scale(b.on_hand), trim_scale(b.reserved), b.version) END
FROM balance b FULL JOIN last l USING (tenant_id, sku, location, lot)
WHERE (b.version, b.version, b.on_hand, b.reserved)
    IS DISTINCT FROM (l.told, l.version, l.on_hand, l.reserved)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""


def recorded(tx: Transaction) -> tuple[int, Finding | None]:
    """The levels that were told to everybody are, version by version, those of the balances."""
    return count(tx, "balance"), first(tx, "balance", _RECORDED)
