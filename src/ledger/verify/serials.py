"""The serials: each where its movements brought it, as many as the balances count, promised once."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_KEY: Final = "format('tenant %s sku %s serial %s', tenant_id, sku, serial)"
_DIFFERENCE: Final = f"""
WITH last AS (
    SELECT DISTINCT ON (tenant_id, sku, serial) *,
        count(*) OVER (PARTITION BY tenant_id, sku, serial) AS told
    FROM told_serial ORDER BY tenant_id, sku, serial, version DESC
)
SELECT {_KEY},
    CASE WHEN l.told IS NOT NULL THEN format('%s after %s commands',
        (l.version, l.account, l.document, l.reservation_id), l.told) END,
    CASE WHEN s.version IS NOT NULL THEN
        format('%s', (s.version, s.account, s.document, s.reservation_id)) END
FROM serial s FULL JOIN last l USING (tenant_id, sku, serial)
WHERE (s.version, s.version, s.account, s.document, s.reservation_id)
    IS DISTINCT FROM (l.told, l.version, l.account, l.document, l.reservation_id)
ORDER BY tenant_id, sku, serial LIMIT 1
"""  # noqa: S608  # no part of it comes from outside
# What is outside of our places may come back from any of those outside: we do not see it move there.
_MOVED: Final = f"""
WITH told AS (
    SELECT *, lag(account) OVER (PARTITION BY tenant_id, sku, serial ORDER BY version) AS before
    FROM told_serial
)
SELECT {_KEY},
    format('version %s: from %s to %s', t.version, coalesce(t.before, 'outside'), t.account),
    CASE WHEN m.serial IS NULL THEN 'no movement'
        ELSE format('moved from %s to %s', m.from_account, m.to_account) END
FROM told t FULL JOIN (
    SELECT u.*, m.from_account, m.to_account
    FROM serial_movement u JOIN movement m USING (tenant_id, shard, sequence, entry, sku)
) m USING (tenant_id, shard, sequence, sku, serial)
WHERE t.serial IS NULL
    OR CASE WHEN m.serial IS NULL THEN t.before IS DISTINCT FROM t.account
        ELSE m.to_account <> t.account OR CASE
            WHEN coalesce(t.before, '@') LIKE '@%' AND coalesce(t.before, '@') <> '@transit'
                THEN m.from_account NOT LIKE '@%' OR m.from_account = '@transit'
            ELSE m.from_account <> t.before END
        END
ORDER BY tenant_id, sku, serial, t.version LIMIT 1
"""  # noqa: S608  # no part of it comes from outside


_UNITS: Final = """
SELECT format('tenant %s shard %s sequence %s entry %s serial %s',
        tenant_id, shard, sequence, entry, serial),
    CASE WHEN t.serial IS NULL THEN 'not moved' ELSE 'moved' END,
    CASE WHEN u.serial IS NULL THEN 'not moved' ELSE 'moved' END
FROM told_unit t FULL JOIN serial_movement u USING (tenant_id, shard, sequence, entry, sku, serial)
WHERE t.serial IS NULL OR u.serial IS NULL
ORDER BY tenant_id, shard, sequence, entry, serial LIMIT 1
"""
_AS_MANY: Final = """
SELECT format('tenant %s shard %s sequence %s entry %s', tenant_id, shard, sequence, entry),
    format('quantity %s, as many serials', coalesce(u.units, 0)),
    format('quantity %s', trim_scale(m.quantity))
FROM (
    SELECT tenant_id, shard, sequence, entry, count(*) AS units FROM serial_movement
    GROUP BY tenant_id, shard, sequence, entry
) u FULL JOIN (
    SELECT m.* FROM movement m JOIN item i USING (tenant_id, sku) WHERE i.track_by = 'serial'
) m USING (tenant_id, shard, sequence, entry)
WHERE m.quantity IS DISTINCT FROM coalesce(u.units, 0)
ORDER BY tenant_id, shard, sequence, entry LIMIT 1
"""


def check(tx: Transaction) -> tuple[int, Finding | None]:
    """Every serial is as its last command left it, and where all of its movements led."""
    wrong = first(tx, "serial", _DIFFERENCE) or first(tx, "serial", _MOVED)
    return count(tx, "serial"), wrong


def moved(tx: Transaction) -> tuple[int, Finding | None]:
    """The very units that the journal tells of were moved, and as many as each entry says."""
    wrong = first(tx, "serial_movement", _UNITS) or first(tx, "movement", _AS_MANY)
    return count(tx, "serial_movement"), wrong


_COUNTED: Final = """
WITH there AS (
    SELECT tenant_id, sku, account AS location, count(*) AS units FROM serial
    WHERE account NOT LIKE '@%' GROUP BY tenant_id, sku, account
), tracked AS (
    SELECT b.*, i.track_by = 'serial' AS serial_item
    FROM balance b JOIN item i USING (tenant_id, sku) WHERE b.by_serial OR i.track_by = 'serial'
)
SELECT format('tenant %s sku %s location %s', tenant_id, sku, location),
    format('on_hand %s, as many serials; by_serial %s', coalesce(t.units, 0), b.serial_item),
    format('on_hand %s; by_serial %s', trim_scale(b.on_hand), b.by_serial)
FROM tracked b FULL JOIN there t USING (tenant_id, sku, location)
WHERE b.on_hand IS DISTINCT FROM coalesce(t.units, 0) OR b.by_serial IS DISTINCT FROM b.serial_item
ORDER BY tenant_id, sku, location LIMIT 1
"""
# Of a stored line: 1 sku, 3 shipped, 4 received, 5 lost, 6 returned, 7 serials in transit.
_IN_TRANSIT: Final = """
WITH there AS (
    SELECT tenant_id, document AS transfer_id, sku, count(*) AS units FROM serial
    WHERE account = '@transit' GROUP BY tenant_id, document, sku
), left_over AS (
    SELECT tenant_id, transfer_id, l ->> 1 AS sku,
        sum((l ->> 3)::numeric - (l ->> 4)::numeric - (l ->> 5)::numeric - (l ->> 6)::numeric) AS units
    FROM transfer CROSS JOIN LATERAL jsonb_array_elements(lines::jsonb) l
    WHERE status = 'in_transit' AND l -> 7 IS NOT NULL GROUP BY 1, 2, 3
)
SELECT format('tenant %s transfer %s sku %s', tenant_id, transfer_id, sku),
    format('%s in transit, as many serials', coalesce(t.units, 0)),
    format('%s left', trim_scale(coalesce(l.units, 0)))
FROM left_over l FULL JOIN there t USING (tenant_id, transfer_id, sku)
WHERE coalesce(l.units, 0) <> coalesce(t.units, 0)
ORDER BY tenant_id, transfer_id, sku LIMIT 1
"""


def counted(tx: Transaction) -> tuple[int, Finding | None]:
    """As many serials are at a place as its balance has, and in transit as transfers have left."""
    wrong = first(tx, "balance", _COUNTED) or first(tx, "transfer", _IN_TRANSIT)
    return count(tx, "serial"), wrong


# Of a stored line: 1 sku, 2 location, 6 reserved, 7 released, 8 consumed, 9 serials promised.
_PROMISED: Final = """
WITH named AS (
    SELECT tenant_id, reservation_id, sku, account AS location, count(*) AS units FROM serial
    WHERE reservation_id IS NOT NULL GROUP BY tenant_id, reservation_id, sku, account
), promised AS (
    SELECT tenant_id, reservation_id, l ->> 1 AS sku, l ->> 2 AS location,
        sum((l ->> 6)::numeric - (l ->> 7)::numeric - (l ->> 8)::numeric) AS units
    FROM reservation CROSS JOIN LATERAL jsonb_array_elements(lines::jsonb) l
    WHERE status = 'active' AND jsonb_array_length(l -> 9) > 0 GROUP BY 1, 2, 3, 4
)
SELECT format('tenant %s reservation %s sku %s location %s', tenant_id, reservation_id, sku, location),
    format('%s promised by name', trim_scale(coalesce(p.units, 0))),
    format('%s serials promised to it', coalesce(n.units, 0))
FROM named n FULL JOIN promised p USING (tenant_id, reservation_id, sku, location)
WHERE coalesce(n.units, 0) <> coalesce(p.units, 0)
ORDER BY tenant_id, reservation_id, sku, location LIMIT 1
"""


def promised(tx: Transaction) -> tuple[int, Finding | None]:
    """What active reservations promise by name is promised to them, and to nobody else."""
    return count(tx, "serial"), first(tx, "serial", _PROMISED)
