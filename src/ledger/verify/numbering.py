"""The numbers of a shard: its journal counts without gaps, and its offsets only ever rise."""

from typing import Final

from ledger.connection import Transaction
from ledger.verify.report import Finding, count, first

_GAP: Final = """
SELECT format('tenant %s shard %s sequence %s', tenant_id, shard, sequence),
    format('sequence %s', expected), format('sequence %s', sequence)
FROM (
    SELECT shard, tenant_id, sequence,
        coalesce(lag(sequence) OVER (PARTITION BY shard ORDER BY sequence) + 1, p.begin, 1)
            AS expected
    FROM told_row LEFT JOIN (
        SELECT shard, max(last_sequence) AS begin FROM since_segment GROUP BY shard
    ) AS p USING (shard)
) AS numbered
WHERE sequence <> expected ORDER BY shard, sequence LIMIT 1
"""
_END: Final = """
WITH ends AS (SELECT shard, max(sequence) + 1 AS next FROM told_row GROUP BY shard)
SELECT format('shard %s', shard), format('next_sequence %s', coalesce(e.next, 1)),
    'next_sequence ' || s.next_sequence
FROM shard s FULL JOIN ends e USING (shard)
WHERE s.next_sequence IS DISTINCT FROM coalesce(e.next, 1) ORDER BY shard LIMIT 1
"""


def sequences(tx: Transaction) -> tuple[int, Finding | None]:
    """Over all tenants together, a shard's journal counts from 1 to where the shard stands."""
    return count(tx, "told_row"), first(tx, "journal", _GAP) or first(tx, "shard", _END)


# A topic that was made anew counts its offsets from 0 again, under the next incarnation; those of
# the one before end where its shard stood when an operator said so.
_OFFSETS: Final = """
WITH ends AS (
    SELECT shard, incarnation, next_offset FROM shard
    UNION ALL
    SELECT shard, from_incarnation, from_offset FROM consumer_reset
    WHERE to_incarnation <> from_incarnation
)
SELECT format('tenant %s shard %s sequence %s', o.tenant_id, o.shard, o.sequence),
    format('an offset above %s, below %s where the topic is still incarnation %s',
        coalesce(o.before, -1), coalesce(e.next_offset, s.next_offset), s.incarnation),
    format('offset %s of incarnation %s', o.read_offset, o.incarnation)
FROM (
    SELECT tenant_id, shard, sequence, read_offset, incarnation,
        lag(read_offset) OVER (PARTITION BY shard, incarnation ORDER BY sequence) AS before,
        max(incarnation) OVER (PARTITION BY shard ORDER BY sequence) AS newest
    FROM told_row WHERE read_offset IS NOT NULL
) AS o LEFT JOIN shard s USING (shard)
    LEFT JOIN ends e ON e.shard = o.shard AND e.incarnation = o.incarnation
WHERE o.read_offset <= o.before OR o.incarnation < o.newest OR e.shard IS NULL
    OR o.read_offset >= e.next_offset
ORDER BY o.shard, o.sequence LIMIT 1
"""
_RESETS: Final = """
SELECT format('shard %s', s.shard), format('incarnation %s', coalesce(r.risen, 0)),
    format('incarnation %s', s.incarnation)
FROM shard s LEFT JOIN (
    SELECT shard, sum(to_incarnation - from_incarnation) AS risen FROM consumer_reset GROUP BY shard
) AS r USING (shard)
WHERE s.incarnation <> coalesce(r.risen, 0) ORDER BY s.shard LIMIT 1
"""


def offsets(tx: Transaction) -> tuple[int, Finding | None]:
    """What was read from a partition was applied in its order, each offset at most once.

    Offsets begin again only where an operator said so.
    """
    wrong = first(tx, "journal", _OFFSETS) or first(tx, "shard", _RESETS)
    return count(tx, "told_row"), wrong


_PUBLISHED: Final = """
SELECT format('shard %s', shard),
    CASE WHEN s.shard IS NOT NULL THEN format('published from 0 up to %s', s.next_sequence - 1) END,
    CASE WHEN p.shard IS NOT NULL THEN format('published up to %s', p.published_up_to) END
FROM shard s FULL JOIN publication p USING (shard)
WHERE (p.published_up_to BETWEEN 0 AND s.next_sequence - 1) IS NOT TRUE ORDER BY shard LIMIT 1
"""


def published(tx: Transaction) -> tuple[int, Finding | None]:
    """Every shard is published, and none beyond the end of its journal.

    What was published in truth, only the topics know.
    """
    return count(tx, "publication"), first(tx, "publication", _PUBLISHED)
