"""Tables value_fact, value_progress and value_wait: what values follow from, by item and in the order of time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.valuation.facts import Fact, Key

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
    SELECT DISTINCT ON (tenant_id, sku) tenant_id, sku, effective_at, shard, sequence, entry
    FROM fresh ORDER BY tenant_id, sku, effective_at, shard, sequence, entry
    ON CONFLICT DO NOTHING
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
    return tx.execute(_TAKE_IN.encode(), [sequences, segments]).rowcount


_UNWAIT: Final = """
DELETE FROM value_wait w USING unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku)
WHERE w.tenant_id = asked.tenant_id AND w.sku = asked.sku
RETURNING w.tenant_id, w.sku, w.effective_at, w.shard, w.sequence, w.entry
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
    %s::smallint[]) ON CONFLICT DO NOTHING
"""


def wait(tx: Transaction, items: Mapping[ItemKey, Key]) -> None:
    """Let items wait from a fact on."""
    if items:
        tx.execute(_WAIT.encode(), keyed(items))


_BEHIND: Final = f"""
SELECT {_FACT.replace("tenant_id", "f.tenant_id", 1).replace("sku", "f.sku", 1)}
FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::smallint[])
    AS asked(tenant_id, sku, at, after_shard, after_sequence, after_entry)
CROSS JOIN LATERAL (
    SELECT * FROM value_fact f WHERE f.tenant_id = asked.tenant_id AND f.sku = asked.sku
        AND (f.effective_at, f.shard, f.sequence, f.entry)
            > (asked.at, asked.after_shard, asked.after_sequence, asked.after_entry)
    ORDER BY f.effective_at, f.shard, f.sequence, f.entry LIMIT %s
) f
"""  # noqa: S608  # the columns are ours


def behind(
    tx: Transaction, reached: Mapping[ItemKey, Key], limit: int
) -> dict[ItemKey, list[Fact]]:
    """Up to so many facts of each item that follow on what its values have reached, in their order."""
    found: defaultdict[ItemKey, list[Fact]] = defaultdict(list)
    for row in tx.execute(_BEHIND.encode(), [*keyed(reached), limit]):
        found[row[0], row[1]].append(_read(row))
    return found


def _read(row: tuple[Any, ...]) -> Fact:
    at, shard, sequence, entry, kind, source, to, *rest = row[2:]
    return Fact(Key(at, shard, sequence, entry), kind, source, to, *rest)


def columns(items: Iterable[ItemKey]) -> list[str]:
    """Items as two arrays."""
    tenants, skus = zip(*items, strict=True)
    return [texts(tenants), texts(skus)]


def keyed(items: Mapping[ItemKey, Key]) -> list[str]:
    """Items and a key of each, as six arrays."""
    moments, *rest = zip(*items.values(), strict=True)
    return [*columns(items), texts(map(str, moments)), *(numbers(column) for column in rest)]
