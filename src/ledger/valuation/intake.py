"""Tables value_fact, value_progress and value_wait: what values follow from, by item and in the order of time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.valuation import currencies
from ledger.valuation.facts import PRODUCTION, Fact, Key, Part, Source

ItemKey = tuple[str, str]
"""Tenant and item."""

_ALONE: Final = "SELECT pg_try_advisory_xact_lock(7150203)"  # any number of our own
_FACT: Final = (
    "tenant_id, sku, effective_at, shard, sequence, entry, kind, from_account, to_account, quantity, "
    "unit_cost, amount, document, line, method"
)
# Segment by segment behind what was taken in before, by the primary keys.
_TAKE_IN: Final = f"""
WITH part AS (
    SELECT s.tenant_id, s.shard, coalesce(p.sequence, 0) AS behind,
        least(s.last_sequence, coalesce(p.sequence, 0) + %s) AS upto
    FROM segment s LEFT JOIN value_progress p USING (tenant_id, shard)
    WHERE s.last_sequence > coalesce(p.sequence, 0)
    ORDER BY s.tenant_id, s.shard LIMIT %s
), fresh AS (
    INSERT INTO value_fact ({_FACT})
    SELECT m.tenant_id, m.sku, coalesce(m.effective_at, m.moved_at), m.shard, m.sequence, m.entry,
        'move', m.from_account, m.to_account, m.quantity, m.unit_cost, NULL, m.document, m.entry,
        NULL
    FROM part CROSS JOIN LATERAL (
        SELECT * FROM movement m WHERE m.tenant_id = part.tenant_id AND m.shard = part.shard
            AND m.sequence > part.behind AND m.sequence <= part.upto OFFSET 0
    ) m
    UNION ALL
    SELECT c.tenant_id, c.sku, c.effective_at, c.shard, c.sequence, c.entry, c.kind,
        c.from_account, c.location, NULL, c.unit_cost, c.amount, c.document, c.line, c.method
    FROM part CROSS JOIN LATERAL (
        SELECT * FROM cost_fact c WHERE c.tenant_id = part.tenant_id AND c.shard = part.shard
            AND c.sequence > part.behind AND c.sequence <= part.upto OFFSET 0
    ) c
    RETURNING tenant_id, sku, effective_at, shard, sequence, entry
), known AS (
    INSERT INTO value_item (tenant_id, sku, state)
    SELECT DISTINCT tenant_id, sku, '' FROM fresh ORDER BY tenant_id, sku ON CONFLICT DO NOTHING
), waits AS (
    INSERT INTO value_wait
    SELECT DISTINCT ON (tenant_id, sku) tenant_id, sku, effective_at, shard, sequence, entry, 0
    FROM fresh ORDER BY tenant_id, sku, effective_at, shard, sequence, entry
)
INSERT INTO value_progress (tenant_id, shard, sequence)
SELECT tenant_id, shard, upto FROM part
ON CONFLICT (tenant_id, shard) DO UPDATE SET sequence = excluded.sequence
"""  # noqa: S608  # the columns are ours


def take_in(tx: Transaction, sequences: int, segments: int) -> int:
    """Take in up to so many journal rows of each of so many segments; how many segments had any.

    One process does it at a time; others find none.
    """
    alone = tx.execute(_ALONE.encode()).fetchone()
    if not alone or not alone[0]:
        return 0
    currencies.take_in(tx)
    return tx.execute(_TAKE_IN.encode(), [sequences, segments]).rowcount


_UNWAIT: Final = """
DELETE FROM value_wait w USING unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku)
WHERE w.tenant_id = asked.tenant_id AND w.sku = asked.sku
RETURNING w.tenant_id, w.sku, w.effective_at, w.shard, w.sequence, w.entry, w.passed
"""


def take_waits(tx: Transaction, items: Collection[ItemKey]) -> dict[ItemKey, Key]:
    """From which fact on each item's values are to be made; it waits no more."""
    first: dict[ItemKey, Key] = {}
    for tenant_id, sku, *key in tx.execute(_UNWAIT.encode(), columns(items)):
        item, found = (tenant_id, sku), Key(*key)
        first[item] = min(first.get(item, found), found)
    return first


_WAIT: Final = """
INSERT INTO value_wait
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[],
    %s::smallint[], %s::smallint[])
"""


def wait(tx: Transaction, items: Mapping[ItemKey, Key]) -> None:
    """Let items wait from a fact on."""
    if items:
        tx.execute(_WAIT.encode(), keyed(items))


BETWEEN: Final = """
unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::smallint[],
    %s::smallint[]) AS a(tenant_id, sku, at, at_shard, at_sequence, at_entry, at_passed)
JOIN unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::smallint[],
    %s::smallint[]) AS u(tenant_id, sku, until, u_shard, u_sequence, u_entry, u_passed)
    USING (tenant_id, sku)
CROSS JOIN LATERAL (
    SELECT * FROM {table} e WHERE e.tenant_id = a.tenant_id AND e.sku = a.sku
        AND (e.effective_at, e.shard, e.sequence, e.entry, e.passed)
            > (a.at, a.at_shard, a.at_sequence, a.at_entry, a.at_passed)
        AND (e.effective_at, e.shard, e.sequence, e.entry, e.passed)
            <= (u.until, u.u_shard, u.u_sequence, u.u_entry, u.u_passed)
    OFFSET 0
) e
"""
"""The rows of a table between two keys of each item, of which it takes fourteen arrays."""

# What was said, and what follows from the values of other items: all of a key at once.
SAID: Final = """
SELECT f.tenant_id, f.sku, f.effective_at, f.shard, f.sequence, f.entry, 0::smallint AS passed,
    f.kind, f.from_account, f.to_account, f.quantity, f.unit_cost, f.amount, f.document, f.line,
    f.method, NULL::text[] AS documents, NULL::smallint[] AS lines, NULL::numeric[] AS amounts,
    NULL::numeric[] AS costs
FROM value_fact f
"""
MADE: Final = f"""
SELECT m.tenant_id, m.sku, m.effective_at, m.shard, m.sequence, m.entry, m.passed,
    'made', '{PRODUCTION}', '', NULL, NULL, NULL, '', 0::smallint,
    NULL, array_agg(m.source_document ORDER BY m.source_document, m.source_line),
    array_agg(m.source_line ORDER BY m.source_document, m.source_line),
    array_agg(m.amount ORDER BY m.source_document, m.source_line),
    array_agg(m.cost ORDER BY m.source_document, m.source_line)
FROM value_made m
"""  # noqa: S608  # the account is ours
BY_KEY: Final = "m.tenant_id, m.sku, m.effective_at, m.shard, m.sequence, m.entry, m.passed"
_BEHIND: Final = f"""
SELECT each.*
FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::smallint[],
    %s::smallint[]) AS a(tenant_id, sku, at, shard, sequence, entry, passed)
CROSS JOIN LATERAL (
    ({SAID} WHERE f.tenant_id = a.tenant_id AND f.sku = a.sku
        AND (f.effective_at, f.shard, f.sequence, f.entry) > (a.at, a.shard, a.sequence, a.entry)
    ORDER BY f.effective_at, f.shard, f.sequence, f.entry LIMIT %s)
    UNION ALL
    ({MADE} WHERE m.tenant_id = a.tenant_id AND m.sku = a.sku
        AND (m.effective_at, m.shard, m.sequence, m.entry, m.passed)
            > (a.at, a.shard, a.sequence, a.entry, a.passed)
    GROUP BY {BY_KEY}
    ORDER BY m.effective_at, m.shard, m.sequence, m.entry, m.passed LIMIT %s)
    ORDER BY effective_at, shard, sequence, entry, passed LIMIT %s
) each
"""  # noqa: S608  # the columns are ours


def behind(
    tx: Transaction, reached: Mapping[ItemKey, Key], limit: int
) -> dict[ItemKey, list[Fact]]:
    """Up to so many facts of each item that follow on what its values have reached, in their order."""
    found: defaultdict[ItemKey, list[Fact]] = defaultdict(list)
    for row in tx.execute(_BEHIND.encode(), [*keyed(reached), limit, limit, limit]):
        found[row[0], row[1]].append(read(row))
    return found


def read(row: tuple[Any, ...]) -> Fact:
    """A fact as `SAID` and `MADE` have it."""
    fact = Fact(Key(*row[2:7]), *row[7:16])
    documents, lines, amounts, costs = row[16:]
    if documents is None:
        return fact
    named = map(Source, documents, lines)
    return fact._replace(parts=tuple(map(Part, named, amounts, costs)))


def columns(items: Iterable[ItemKey]) -> list[str]:
    """Items as two arrays."""
    tenants, skus = zip(*items, strict=True)
    return [texts(tenants), texts(skus)]


def keyed(items: Mapping[ItemKey, Key]) -> list[str]:
    """Items and a key of each, as seven arrays."""
    moments, *rest = zip(*items.values(), strict=True)
    return [*columns(items), texts(map(str, moments)), *(numbers(column) for column in rest)]
