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


_COMMITTED: Final = """
WITH sums AS (
    SELECT tenant_id, sku, location, lot, sum(quantity) AS quantity FROM (
        SELECT tenant_id, sku, location, lot, quantity FROM told_commitment WHERE of = '{of}'
        UNION ALL
        SELECT tenant_id, sku, location, lot, {of} FROM since_level
    ) AS committed
    GROUP BY tenant_id, sku, location, lot
)
SELECT {key}, format('{of} %s', trim_scale(coalesce(s.quantity, 0))), '{of} ' || trim_scale(b.{of})
FROM balance b FULL JOIN sums s USING (tenant_id, sku, location, lot)
WHERE b.{of} IS DISTINCT FROM coalesce(s.quantity, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""


def committed(tx: Transaction, *, of: str) -> tuple[int, Finding | None]:
    """What is reserved, held or incoming is the sum of all that the journal tells of, given back or not."""
    return count(tx, "balance"), first(tx, "balance", _COMMITTED.format(of=of, key=_KEY))


# Of a stored line: 0 location, 1 lot, 2 held, 3 released.
_LEFT: Final = f"""
WITH kept AS (
    SELECT tenant_id, sku, l ->> 0 AS location, l ->> 1 AS lot,
        sum((l ->> 2)::numeric - (l ->> 3)::numeric) AS held
    FROM hold CROSS JOIN LATERAL jsonb_array_elements(lines::jsonb) l
    WHERE status = 'active' GROUP BY 1, 2, 3, 4
)
SELECT {_KEY}, format('held %s, as active holds hold', trim_scale(coalesce(k.held, 0))),
    'held ' || trim_scale(b.held)
FROM balance b FULL JOIN kept k USING (tenant_id, sku, location, lot)
WHERE coalesce(b.held, 0) <> coalesce(k.held, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def left(tx: Transaction) -> tuple[int, Finding | None]:
    """What active holds still hold is what the balances hold."""
    return count(tx, "hold"), first(tx, "balance", _LEFT)


# Of a stored line: 1 sku, 2 lot, 3 shipped, 4 received, 5 lost, 6 returned.
_UNDER_WAY: Final = """
SELECT tenant_id, l ->> 1 AS sku, {by}, l ->> 2 AS lot,
    sum((l ->> 3)::numeric - (l ->> 4)::numeric - (l ->> 5)::numeric - (l ->> 6)::numeric) AS left
FROM transfer CROSS JOIN LATERAL jsonb_array_elements(lines::jsonb) l
WHERE status = 'in_transit' GROUP BY 1, 2, 3, 4
"""
_EXPECTED: Final = f"""
WITH under_way AS ({_UNDER_WAY.format(by="to_location AS location")})
SELECT {_KEY}, format('incoming %s, as transfers have in transit', trim_scale(coalesce(u.left, 0))),
    'incoming ' || trim_scale(b.incoming)
FROM balance b FULL JOIN under_way u USING (tenant_id, sku, location, lot)
WHERE coalesce(b.incoming, 0) <> coalesce(u.left, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside
_IN_TRANSIT: Final = f"""
WITH under_way AS ({_UNDER_WAY.format(by="'@transit' AS location")}), moved AS (
    SELECT tenant_id, sku, '@transit' AS location, lot, sum(quantity) AS left FROM (
        SELECT tenant_id, sku, lot, quantity FROM movement WHERE to_account = '@transit'
        UNION ALL
        SELECT tenant_id, sku, lot, -quantity FROM movement WHERE from_account = '@transit'
    ) AS entries GROUP BY tenant_id, sku, lot
)
SELECT {_KEY}, format('%s in transit, as was moved', trim_scale(coalesce(m.left, 0))),
    format('%s in transit, as transfers have it', trim_scale(coalesce(u.left, 0)))
FROM moved m FULL JOIN under_way u USING (tenant_id, sku, location, lot)
WHERE coalesce(m.left, 0) <> coalesce(u.left, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def expected(tx: Transaction) -> tuple[int, Finding | None]:
    """What transfers have in transit is what balances expect, and what was moved there."""
    wrong = first(tx, "balance", _EXPECTED) or first(tx, "transfer", _IN_TRANSIT)
    return count(tx, "transfer"), wrong


# What a level may be short of follows from the policies, which `described` proves. Nothing that
# a policy allows is called wrong, and nothing beyond it right.
_AVAILABLE: Final = f"""
WITH allowed AS (
    SELECT b.*, coalesce(o.backorder_limit, g.backorder_limit, 0) AS backorders,
        coalesce(o.negative_limit, g.negative_limit, 0) AS negative
    FROM balance b
    LEFT JOIN policy o ON (o.tenant_id, o.sku, o.location) = (b.tenant_id, b.sku, b.location)
    LEFT JOIN policy g ON (g.tenant_id, g.sku, g.location) = (b.tenant_id, b.sku, '')
)
SELECT {_KEY}, format('at most %s on backorder and %s below zero', trim_scale(backorders),
        trim_scale(negative)),
    format('%s on hand, %s promised and held, limits %s and %s', trim_scale(on_hand),
        trim_scale(reserved + held), trim_scale(backorder_limit), trim_scale(negative_limit))
FROM allowed
WHERE (backorder_limit, negative_limit) <> (backorders, negative) OR on_hand < -negative
    OR greatest(on_hand, 0) - reserved - held < -backorders
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def available(tx: Transaction) -> tuple[int, Finding | None]:
    """Nothing is promised or dispatched beyond what the policies allow, as the balances keep it."""
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


_NUMBERS: Final = ("on_hand", "reserved", "held", "incoming")
_TOLD: Final = ", ".join(f"coalesce(t.{name}, p.{name}) AS {name}" for name in _NUMBERS)


def _listed(side: str) -> str:
    return ", ".join(f"{side}.{name}" for name in _NUMBERS)


def _spelt(side: str) -> str:
    return (
        "concat_ws(', ', "
        + ", ".join(f"'{name} ' || trim_scale({side}.{name})" for name in _NUMBERS)
        + f", 'version ' || {side}.version)"
    )


_RECORDED: Final = f"""
WITH told AS (
    SELECT DISTINCT ON (tenant_id, sku, location, lot) t.*,
        count(*) OVER (PARTITION BY tenant_id, sku, location, lot) AS times
    FROM told_level t ORDER BY tenant_id, sku, location, lot, version DESC
), last AS (
    SELECT tenant_id, sku, location, lot, coalesce(t.version, p.version) AS version, {_TOLD},
        coalesce(t.times, 0) + coalesce(p.version, 0) AS told
    FROM told t FULL JOIN since_level p USING (tenant_id, sku, location, lot)
)
SELECT {_KEY},
    CASE WHEN l.told IS NOT NULL THEN
        format('%s as the journal tells last, of %s', {_spelt("l")}, l.told) END,
    CASE WHEN b.version IS NOT NULL THEN {_spelt("b")} END
FROM balance b FULL JOIN last l USING (tenant_id, sku, location, lot)
WHERE (b.version, b.version, {_listed("b")}) IS DISTINCT FROM (l.told, l.version, {_listed("l")})
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def recorded(tx: Transaction) -> tuple[int, Finding | None]:
    """The levels that were told to everybody are, version by version, those of the balances."""
    return count(tx, "balance"), first(tx, "balance", _RECORDED)
