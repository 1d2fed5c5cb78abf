"""Production orders, genealogy and returns: what was used, made, linked and came back was moved."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_ORDERS: Final = """
WITH said AS (
    SELECT p.tenant_id, p.production_id AS document, i.sku, coalesce(i.lot, '') AS lot,
        sum(i.used - i.returned) AS used, sum(i.wasted) AS wasted, 0 AS made
    FROM production p CROSS JOIN LATERAL jsonb_to_recordset(p.inputs::jsonb) AS i(sku text,
        lot text, used numeric, wasted numeric, returned numeric)
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT p.tenant_id, p.production_id, p.sku, coalesce(o.lot, ''), 0, 0, o.quantity
    FROM production p
    CROSS JOIN LATERAL jsonb_to_recordset(p.outputs::jsonb) AS o(lot text, quantity numeric)
), lots AS (
    SELECT tenant_id, document, sku, lot, sum(used) AS used, sum(wasted) AS wasted,
        sum(made) AS made
    FROM said GROUP BY tenant_id, document, sku, lot
), moved AS (
    SELECT m.tenant_id, m.document, m.sku, m.lot,
        sum(CASE WHEN m.to_account = '@production' THEN m.quantity
            WHEN m.from_account = '@production' AND m.sku <> p.sku THEN -m.quantity
            ELSE 0 END) AS used,
        sum(CASE WHEN m.to_account = '@scrap' THEN m.quantity ELSE 0 END) AS wasted,
        sum(CASE WHEN m.from_account = '@production' AND m.sku = p.sku THEN m.quantity
            ELSE 0 END) AS made
    FROM movement m
    JOIN production p ON (p.tenant_id, p.production_id) = (m.tenant_id, m.document)
    GROUP BY 1, 2, 3, 4
)
SELECT format('tenant %s production %s sku %s lot %L', tenant_id, document, sku, lot),
    format('used %s, wasted %s, made %s, as was moved', trim_scale(coalesce(m.used, 0)),
        trim_scale(coalesce(m.wasted, 0)), trim_scale(coalesce(m.made, 0))),
    format('used %s, wasted %s, made %s', trim_scale(coalesce(l.used, 0)),
        trim_scale(coalesce(l.wasted, 0)), trim_scale(coalesce(l.made, 0)))
FROM lots l FULL JOIN moved m USING (tenant_id, document, sku, lot)
WHERE (coalesce(l.used, 0), coalesce(l.wasted, 0), coalesce(l.made, 0))
    <> (coalesce(m.used, 0), coalesce(m.wasted, 0), coalesce(m.made, 0))
ORDER BY tenant_id, document, sku, lot LIMIT 1
"""


def moved(tx: Transaction) -> tuple[int, Finding | None]:
    """What production orders say that they used, wasted and made is what was moved for them."""
    return count(tx, "production"), first(tx, "production", _ORDERS)


# What went from our locations into @production under a document is a parent of all that came out
# under it. An item that went in and came back stayed what it was.
_LINKS: Final = """
WITH stock AS (
    SELECT tenant_id, document, sku, lot, sum(quantity) AS into FROM (
        SELECT tenant_id, document, sku, lot, quantity FROM movement
        WHERE to_account = '@production'
        UNION ALL
        SELECT tenant_id, document, sku, lot, -quantity FROM movement
        WHERE from_account = '@production' AND to_account NOT LIKE '@%'
    ) AS entries GROUP BY tenant_id, document, sku, lot
), moved AS (
    SELECT p.tenant_id, p.document, p.sku AS parent_sku, p.lot AS parent_lot,
        c.sku AS child_sku, c.lot AS child_lot
    FROM stock p JOIN stock c USING (tenant_id, document)
    WHERE p.into > 0 AND c.into < 0
)
SELECT format('tenant %s document %s', tenant_id, document),
    CASE WHEN m.tenant_id IS NOT NULL THEN
        format('%s made of %s', (child_sku, child_lot), (parent_sku, parent_lot)) END,
    CASE WHEN g.tenant_id IS NOT NULL THEN
        format('%s made of %s', (child_sku, child_lot), (parent_sku, parent_lot)) END
FROM genealogy g FULL JOIN moved m
    USING (tenant_id, document, parent_sku, parent_lot, child_sku, child_lot)
WHERE m.tenant_id IS NULL OR g.tenant_id IS NULL
ORDER BY tenant_id, document, parent_sku, parent_lot, child_sku, child_lot LIMIT 1
"""


def linked(tx: Transaction) -> tuple[int, Finding | None]:
    """Whatever was made is linked to all that went into it, and nothing else is."""
    return count(tx, "genealogy"), first(tx, "genealogy", _LINKS)


# What comes back carries the document of its shipment: the reservation.
_RETURNED: Final = """
WITH said AS (
    SELECT c.tenant_id, c.reservation_id, l.sku, coalesce(l.lot, '') AS lot,
        sum(l.quantity) AS back
    FROM customer_return c CROSS JOIN LATERAL jsonb_to_recordset(c.lines::jsonb)
        AS l(sku text, lot text, quantity numeric)
    GROUP BY 1, 2, 3, 4
), moved AS (
    SELECT m.tenant_id, m.document AS reservation_id, m.sku, m.lot,
        sum(CASE WHEN m.from_account = '@customer' THEN m.quantity ELSE 0 END) AS back,
        sum(CASE WHEN m.to_account = '@customer' THEN m.quantity ELSE 0 END) AS shipped
    FROM movement m
    JOIN reservation r ON (r.tenant_id, r.reservation_id) = (m.tenant_id, m.document)
    GROUP BY 1, 2, 3, 4
)
SELECT format('tenant %s reservation %s sku %s lot %L', tenant_id, reservation_id, sku, lot),
    format('%s back, as was moved, and at most the %s shipped', trim_scale(coalesce(m.back, 0)),
        trim_scale(coalesce(m.shipped, 0))),
    format('%s back', trim_scale(coalesce(s.back, 0)))
FROM said s FULL JOIN moved m USING (tenant_id, reservation_id, sku, lot)
WHERE coalesce(s.back, 0) <> coalesce(m.back, 0) OR coalesce(s.back, 0) > coalesce(m.shipped, 0)
ORDER BY tenant_id, reservation_id, sku, lot LIMIT 1
"""


def returned(tx: Transaction) -> tuple[int, Finding | None]:
    """What came back is what was moved back, and never more than was shipped."""
    return count(tx, "customer_return"), first(tx, "customer_return", _RETURNED)
