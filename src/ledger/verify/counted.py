"""The counts: each line as it was told, what it moved, and what was on hand when it was counted."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_COLUMNS: Final = (
    "sku",
    "lot",
    "counted",
    "counted_at",
    "counted_by",
    "expected",
    "level_version",
    "version",
)


def _listed(side: str) -> str:
    return ", ".join(f"{side}.{name}" for name in _COLUMNS)


_LINES: Final = f"""
WITH last AS (
    SELECT DISTINCT ON (tenant_id, count_id, line, attempt) * FROM told_count_line
    ORDER BY tenant_id, count_id, line, attempt, version DESC
)
SELECT format('tenant %s count %s line %s attempt %s', tenant_id, count_id, line, attempt),
    CASE WHEN l.version IS NOT NULL THEN format('%s', ({_listed("l")})) END,
    CASE WHEN c.version IS NOT NULL THEN format('%s', ({_listed("c")})) END
FROM count_line c FULL JOIN last l USING (tenant_id, count_id, line, attempt)
WHERE ({_listed("c")}) IS DISTINCT FROM ({_listed("l")})
ORDER BY tenant_id, count_id, line, attempt LIMIT 1
"""  # noqa: S608  # no part of it comes from outside
_NUMBERED: Final = """
WITH kept AS (
    SELECT tenant_id, count_id, count(DISTINCT line) AS lines, max(line) AS last,
        count(expected) AS posted
    FROM count_line GROUP BY tenant_id, count_id
)
SELECT format('tenant %s count %s', tenant_id, count_id),
    format('%s lines up to number %s, %s of them posted', coalesce(k.lines, 0),
        coalesce(k.last, 0), coalesce(k.posted, 0)),
    format('%s, %s lines, %s posted', c.status, c.lines, c.posted)
FROM count c FULL JOIN kept k USING (tenant_id, count_id)
WHERE (c.lines, c.lines, c.posted)
        IS DISTINCT FROM (coalesce(k.lines, 0), coalesce(k.last, 0), coalesce(k.posted, 0))
    OR (c.status = 'posted') <> (c.lines > 0 AND c.lines = c.posted)
ORDER BY tenant_id, count_id LIMIT 1
"""


def lines(tx: Transaction) -> tuple[int, Finding | None]:
    """Every attempt at every line is as it was told, and each count counts its own."""
    wrong = first(tx, "count_line", _LINES) or first(tx, "count", _NUMBERED)
    return count(tx, "count_line"), wrong


_VARIANCES: Final = """
WITH posted AS (
    SELECT l.tenant_id, l.count_id, c.location, l.sku, l.lot, l.counted - l.expected AS variance
    FROM count_line l JOIN count c USING (tenant_id, count_id) WHERE l.expected IS NOT NULL
), moved AS (
    SELECT m.tenant_id, m.document AS count_id, c.location, m.sku, m.lot,
        sum(CASE WHEN m.to_account = c.location THEN m.quantity ELSE -m.quantity END) AS variance
    FROM movement m JOIN count c ON (c.tenant_id, c.count_id) = (m.tenant_id, m.document)
    WHERE '@loss' IN (m.from_account, m.to_account)
    GROUP BY m.tenant_id, m.document, c.location, m.sku, m.lot
)
SELECT format('tenant %s count %s sku %s lot %L', tenant_id, count_id, sku, lot),
    format('variance %s, as was moved', trim_scale(coalesce(m.variance, 0))),
    format('variance %s', trim_scale(coalesce(p.variance, 0)))
FROM posted p FULL JOIN moved m USING (tenant_id, count_id, location, sku, lot)
WHERE coalesce(p.variance, 0) <> coalesce(m.variance, 0)
ORDER BY tenant_id, count_id, sku, lot LIMIT 1
"""


def variances(tx: Transaction) -> tuple[int, Finding | None]:
    """What a posted line found more or less than expected is what was moved for it."""
    return count(tx, "count_line"), first(tx, "count_line", _VARIANCES)


# A level's versions are in the order in which it changed; each tells when. Those that the posting
# saw and that were no later than the count make up what was on hand then, together with what it
# saw told later of what had moved before.
_EXPECTED: Final = """
WITH changes AS (
    SELECT tenant_id, sku, location, lot, version, told_at,
        on_hand - coalesce(lag(on_hand) OVER (
            PARTITION BY tenant_id, sku, location, lot ORDER BY version), 0) AS change
    FROM told_level
), posted AS (
    SELECT l.tenant_id, l.count_id, l.line, l.sku, c.location, l.lot, l.counted_at, l.expected,
        l.level_version
    FROM count_line l JOIN count c USING (tenant_id, count_id) WHERE l.expected IS NOT NULL
), late AS (
    SELECT p.tenant_id, p.count_id, p.line,
        sum(CASE WHEN m.to_account = p.location THEN m.quantity ELSE -m.quantity END) AS change
    FROM movement m JOIN posted p ON (p.tenant_id, p.sku, p.lot) = (m.tenant_id, m.sku, m.lot)
        AND p.location IN (m.from_account, m.to_account)
    JOIN told_level seen ON (seen.tenant_id, seen.sku, seen.location, seen.lot, seen.version)
        = (p.tenant_id, p.sku, p.location, p.lot, p.level_version)
    WHERE m.effective_at <= p.counted_at AND m.moved_at > p.counted_at
        AND m.moved_at <= seen.told_at
    GROUP BY p.tenant_id, p.count_id, p.line
)
SELECT format('tenant %s count %s line %s', tenant_id, count_id, line),
    format('expected %s, as the levels tell', trim_scale(on_hand + coalesce(late.change, 0))),
    format('expected %s', trim_scale(expected))
FROM (
    SELECT tenant_id, count_id, p.line, p.expected, coalesce(sum(h.change) FILTER (
        WHERE h.version <= p.level_version AND h.told_at <= p.counted_at), 0) AS on_hand
    FROM posted p LEFT JOIN changes h USING (tenant_id, sku, location, lot)
    GROUP BY tenant_id, count_id, p.line, p.expected
) AS held LEFT JOIN late USING (tenant_id, count_id, line)
WHERE expected <> on_hand + coalesce(late.change, 0)
ORDER BY tenant_id, count_id, line LIMIT 1
"""


def expected(tx: Transaction) -> tuple[int, Finding | None]:
    """What a posted line was held against is what was on hand when it was counted."""
    return count(tx, "count_line"), first(tx, "count_line", _EXPECTED)
