"""Counts as the read tables have them: the sheet to count from, what was counted, how far it was off.

`sheet` is for those who count, and of a blind count tells nothing that is expected. `review` is for
those who approve and post: it works out what posting would find, and no counter may be given it.
"""

from typing import Final, NamedTuple

from ledger.views.pool import Pool, rows

_ONE: Final = """
SELECT body FROM stockyard_read.count WHERE tenant_id = %(tenant_id)s AND count_id = %(count_id)s
"""


async def count(pool: Pool, tenant_id: str, count_id: str) -> str | None:
    """The count as JSON, without its lines; None if there is none.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    found = await rows(pool, _ONE, {"tenant_id": tenant_id, "count_id": count_id})
    return found[0][0] if found else None


class SheetLine(NamedTuple):
    """A level to be counted; exact decimals as text."""

    sku: str
    lot: str
    line: int | None
    counted: str | None
    to_count: bool
    on_hand: str | None
    """By the books as they are now; None where the count is blind and open."""


# All levels that the location ever had, empty ones too: to leave them out would tell that they are.
_SHEET: Final = """
SELECT l.sku, l.lot, a.line, trim_scale(a.counted)::text, a.counted IS NULL,
    CASE WHEN NOT c.blind OR c.status <> 'open' THEN trim_scale(l.on_hand)::text END
FROM stockyard_read.count c
JOIN stockyard_read.level l USING (tenant_id, location)
LEFT JOIN LATERAL (
    SELECT line, counted FROM stockyard_read.count_line n
    WHERE n.tenant_id = c.tenant_id AND n.count_id = c.count_id AND (n.sku, n.lot) = (l.sku, l.lot)
    ORDER BY n.attempt DESC LIMIT 1
) a ON true
WHERE c.tenant_id = %(tenant_id)s AND c.count_id = %(count_id)s
    AND (l.sku, l.lot) > (%(after_sku)s, %(after_lot)s)
    AND (jsonb_typeof(c.body::jsonb -> 'scope') = 'null' OR EXISTS (
        SELECT FROM jsonb_to_recordset(c.body::jsonb -> 'scope') AS s(sku text, lot text)
        WHERE s.sku = l.sku AND coalesce(s.lot, l.lot) = l.lot))
ORDER BY l.sku, l.lot LIMIT %(limit)s
"""


async def sheet(
    pool: Pool, tenant_id: str, count_id: str, after: tuple[str, str], limit: int
) -> list[SheetLine]:
    """At most `limit` levels that a count is about, behind an (item, lot), in that order.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    values = {
        "tenant_id": tenant_id,
        "count_id": count_id,
        "after_sku": after[0],
        "after_lot": after[1],
        "limit": limit,
    }
    return [SheetLine(*row) for row in await rows(pool, _SHEET, values)]


class Reviewed(NamedTuple):
    """The attempt that counts of a line; exact decimals as text."""

    line: int
    attempt: int
    sku: str
    lot: str
    counted: str | None
    counted_by: str | None
    expected: str | None
    variance: str | None
    posted: bool


_REVIEW: Final = """
SELECT n.line, n.attempt, n.sku, n.lot, trim_scale(n.counted)::text, n.counted_by,
    trim_scale(e.expected)::text, trim_scale(n.counted - e.expected)::text, n.expected IS NOT NULL
FROM (
    SELECT DISTINCT ON (line) * FROM stockyard_read.count_line
    WHERE tenant_id = %(tenant_id)s AND count_id = %(count_id)s AND line > %(after)s
    ORDER BY line, attempt DESC LIMIT %(limit)s
) n
LEFT JOIN stockyard_read.level l USING (tenant_id, location, sku, lot)
CROSS JOIN LATERAL (
    SELECT CASE WHEN n.counted IS NOT NULL THEN coalesce(n.expected,
        coalesce(l.on_hand, 0) - coalesce(sum(
            CASE WHEN m.to_account = n.location THEN m.quantity ELSE -m.quantity END), 0)) END
    AS expected
    FROM stockyard_read.ledger_entry m
    WHERE m.tenant_id = n.tenant_id AND m.sku = n.sku AND m.lot = n.lot
        AND n.location IN (m.from_account, m.to_account) AND m.moved_at > n.counted_at
) e
ORDER BY n.line
"""


async def review(
    pool: Pool, tenant_id: str, count_id: str, after: int, limit: int
) -> list[Reviewed]:
    """At most `limit` lines behind a number, with what posting them now would find.

    Raises:
        psycopg.Error: the database is away, or too slow.
    """
    values = {"tenant_id": tenant_id, "count_id": count_id, "after": after, "limit": limit}
    return [Reviewed(*row) for row in await rows(pool, _REVIEW, values)]
