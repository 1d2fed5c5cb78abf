"""The reservations: each as its last command left it, and together what the balances reserve."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

# Of one that was made before the point where this proof begins, only the later versions are told.
_VERSIONS: Final = """
WITH last AS (
    SELECT tenant_id, reservation_id, count(DISTINCT version) AS commands, max(version) AS version,
        CASE WHEN min(created_at) > coalesce(p.began_at, '-infinity') THEN 0
            ELSE min(version) - 1 END AS before
    FROM told_reservation CROSS JOIN (SELECT max(verified_at) AS began_at FROM since_segment) p
    GROUP BY tenant_id, reservation_id, p.began_at
)
SELECT format('tenant %s reservation %s', tenant_id, reservation_id),
    format('version %s after as many commands, told of %s', l.version, l.before + l.commands),
    'version ' || r.version
FROM fresh_reservation r FULL JOIN last l USING (tenant_id, reservation_id)
WHERE (r.version, r.version) IS DISTINCT FROM (l.version, l.before + l.commands)
ORDER BY tenant_id, reservation_id LIMIT 1
"""
_CONTENT: Final = """
SELECT format('tenant %s reservation %s', tenant_id, reservation_id),
    format('%s', (t.order_id, t.status, t.expires_at, t.lines, t.shipments, t.created_at, t.choices, t.conversions, t.kits, t.actor_id)),
    format('%s', (r.order_id, r.status, r.expires_at, r.lines, r.shipments, r.created_at, r.choices, r.conversions, r.kits, r.actor_id))
FROM fresh_reservation r JOIN told_reservation t USING (tenant_id, reservation_id, version)
WHERE (t.order_id, t.status, t.expires_at, t.lines, t.shipments, t.created_at, t.choices,
    t.conversions, t.kits, t.actor_id) IS DISTINCT FROM
    (r.order_id, r.status, r.expires_at, r.lines, r.shipments, r.created_at, r.choices,
    r.conversions, r.kits, r.actor_id)
ORDER BY tenant_id, reservation_id LIMIT 1
"""
# No command changes these: where they differ, somebody altered the row between two commands.
_FIXED: Final = """
SELECT format('tenant %s reservation %s', tenant_id, reservation_id),
    'one order, creation and expiry', format('%s', array_agg(
        format('version %s: %s', version, (order_id, created_at, expires_at)) ORDER BY version))
FROM told_reservation GROUP BY tenant_id, reservation_id
HAVING count(DISTINCT (order_id, created_at, coalesce(expires_at, 'infinity'))) > 1
ORDER BY tenant_id, reservation_id LIMIT 1
"""


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Every reservation is as the last of its commands said, and every command was counted."""
    statements = (_VERSIONS, _CONTENT, _FIXED)
    found = (first(tx, "reservation", statement) for statement in statements)
    return count(tx, "fresh_reservation"), next((wrong for wrong in found if wrong), None)


# Of a stored line: 1 sku, 2 location, 3 lot, 6 reserved, 7 released, 8 consumed.
_LEFT: Final = """
WITH promised AS (
    SELECT tenant_id, l ->> 1 AS sku, l ->> 2 AS location, l ->> 3 AS lot,
        (l ->> 6)::numeric - (l ->> 7)::numeric - (l ->> 8)::numeric AS reserved
    FROM reservation CROSS JOIN LATERAL jsonb_array_elements(lines::jsonb) l
    WHERE status = 'active'
    UNION ALL
    SELECT p.tenant_id, i.sku, p.location, coalesce(i.lot, ''), i.reserved - i.released - i.drawn
    FROM production p CROSS JOIN LATERAL jsonb_to_recordset(p.inputs::jsonb) AS i(sku text,
        lot text, reserved numeric, released numeric, drawn numeric)
    WHERE p.status = 'open'
), held AS (
    SELECT tenant_id, sku, location, lot, sum(reserved) AS reserved FROM promised
    GROUP BY tenant_id, sku, location, lot
)
SELECT format('tenant %s sku %s location %s lot %L', tenant_id, sku, location, lot),
    format('reserved %s, as active reservations and open orders hold', trim_scale(coalesce(h.reserved, 0))),
    'reserved ' || trim_scale(b.reserved)
FROM balance b FULL JOIN held h USING (tenant_id, sku, location, lot)
WHERE coalesce(b.reserved, 0) <> coalesce(h.reserved, 0)
ORDER BY tenant_id, sku, location, lot LIMIT 1
"""
_ENDED: Final = """
SELECT format('tenant %s reservation %s', tenant_id, reservation_id),
    'something left while active, nothing once ended', format('%s: %s', status, lines)
FROM fresh_reservation
WHERE (status = 'active') <> EXISTS (
    SELECT FROM jsonb_array_elements(lines::jsonb) l
    WHERE (l ->> 6)::numeric <> (l ->> 7)::numeric + (l ->> 8)::numeric
)
ORDER BY tenant_id, reservation_id LIMIT 1
"""


def ended(tx: Transaction) -> tuple[int, Finding | None]:
    """Of what has ended nothing is left, and of what is active something is."""
    return count(tx, "fresh_reservation"), first(tx, "reservation", _ENDED)


def left(tx: Transaction) -> tuple[int, Finding | None]:
    """What active reservations and open production orders hold is what the balances reserve."""
    return count(tx, "reservation"), first(tx, "balance", _LEFT)
