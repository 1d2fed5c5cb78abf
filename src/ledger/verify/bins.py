"""The bins: what lies in each follows from what was carried, and the balances count all of it."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_KEY: Final = (
    "format('tenant %s sku %s location %s lot %L bin %s', tenant_id, sku, location, lot, bin)"
)
_DIFFERENCE: Final = f"""
WITH last AS (
    SELECT DISTINCT ON (tenant_id, sku, location, lot, bin) *,
        count(*) OVER (PARTITION BY tenant_id, sku, location, lot, bin) AS told
    FROM told_bin_level ORDER BY tenant_id, sku, location, lot, bin, version DESC
)
SELECT {_KEY},
    CASE WHEN l.told IS NOT NULL THEN format('%s after %s commands',
        (l.version, trim_scale(l.on_hand), trim_scale(l.held)), l.told) END,
    CASE WHEN b.version IS NOT NULL THEN
        format('%s', (b.version, trim_scale(b.on_hand), trim_scale(b.held))) END
FROM bin_level b FULL JOIN last l USING (tenant_id, sku, location, lot, bin)
WHERE (b.version, b.version, b.on_hand, b.held)
    IS DISTINCT FROM (l.told, l.version, l.on_hand, l.held)
ORDER BY tenant_id, sku, location, lot, bin LIMIT 1
"""  # noqa: S608  # no part of it comes from outside
_LIES_THERE: Final = f"""
WITH sums AS (
    SELECT tenant_id, sku, location, lot, bin, sum(quantity) AS on_hand FROM (
        SELECT tenant_id, sku, location, lot, to_bin AS bin, quantity FROM bin_movement
        UNION ALL
        SELECT tenant_id, sku, location, lot, from_bin, -quantity FROM bin_movement
    ) AS entries WHERE bin <> '' GROUP BY tenant_id, sku, location, lot, bin
)
SELECT {_KEY}, format('on_hand %s, as was carried', trim_scale(coalesce(s.on_hand, 0))),
    'on_hand ' || trim_scale(b.on_hand)
FROM bin_level b FULL JOIN sums s USING (tenant_id, sku, location, lot, bin)
WHERE b.on_hand IS DISTINCT FROM coalesce(s.on_hand, 0)
ORDER BY tenant_id, sku, location, lot, bin LIMIT 1
"""  # noqa: S608  # no part of it comes from outside
# Of a stored line: 0 location, 1 lot, 2 held, 3 released, 4 bin.
_HELD: Final = f"""
WITH kept AS (
    SELECT tenant_id, sku, l ->> 0 AS location, l ->> 1 AS lot, l ->> 4 AS bin,
        sum((l ->> 2)::numeric - (l ->> 3)::numeric) AS held
    FROM hold CROSS JOIN LATERAL jsonb_array_elements(lines::jsonb) l
    WHERE status = 'active' AND l ->> 4 IS NOT NULL GROUP BY 1, 2, 3, 4, 5
)
SELECT {_KEY}, format('held %s, as active holds hold', trim_scale(coalesce(k.held, 0))),
    'held ' || trim_scale(b.held)
FROM bin_level b FULL JOIN kept k USING (tenant_id, sku, location, lot, bin)
WHERE coalesce(b.held, 0) <> coalesce(k.held, 0)
ORDER BY tenant_id, sku, location, lot, bin LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """What lies in a bin is as its last command left it: carried in less out, and held by holds."""
    found = (first(tx, "bin_level", each) for each in (_DIFFERENCE, _LIES_THERE, _HELD))
    return count(tx, "bin_level"), next(filter(None, found), None)


_MOVED: Final = """
SELECT format('tenant %s shard %s sequence %s entry %s', tenant_id, shard, sequence, entry),
    CASE WHEN t.sku IS NOT NULL THEN format('%s', (t.sku, t.location, t.lot, t.from_bin, t.to_bin,
        trim_scale(t.quantity), t.document, t.actor_id, t.moved_at)) END,
    CASE WHEN m.sku IS NOT NULL THEN format('%s', (m.sku, m.location, m.lot, m.from_bin, m.to_bin,
        trim_scale(m.quantity), m.document, m.actor_id, m.moved_at)) END
FROM told_bin_move t FULL JOIN bin_movement m USING (tenant_id, shard, sequence, entry)
WHERE (t.sku, t.location, t.lot, t.from_bin, t.to_bin, t.quantity, t.document, t.actor_id, t.moved_at)
    IS DISTINCT FROM (m.sku, m.location, m.lot, m.from_bin, m.to_bin, m.quantity, m.document,
        m.actor_id, m.moved_at)
ORDER BY tenant_id, shard, sequence, entry LIMIT 1
"""


def moved(tx: Transaction) -> tuple[int, Finding | None]:
    """What was carried between bins is what the journal tells of, no more and no less."""
    return count(tx, "bin_movement"), first(tx, "bin_movement", _MOVED)


_BINNED: Final = """
WITH there AS (
    SELECT tenant_id, sku, location, lot, sum(on_hand) AS binned FROM bin_level
    GROUP BY tenant_id, sku, location, lot
)
SELECT format('tenant %s sku %s location %s lot %L', tenant_id, sku, location, lot),
    format('%s in bins', trim_scale(coalesce(t.binned, 0))),
    format('binned %s, on_hand %s', trim_scale(b.binned), trim_scale(b.on_hand))
FROM balance b FULL JOIN there t USING (tenant_id, sku, location, lot)
WHERE b.binned IS DISTINCT FROM coalesce(t.binned, 0) OR b.binned > greatest(b.on_hand, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""


def binned(tx: Transaction) -> tuple[int, Finding | None]:
    """The balances count what lies in bins, and no more lies there than they have on hand."""
    return count(tx, "balance"), first(tx, "balance", _BINNED)
