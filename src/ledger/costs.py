"""Tables cost_method, period and cost_fact: how values are kept, up to when, and what was said of costs."""

from collections.abc import Collection, Iterable
from typing import Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped, optional
from ledger.costing import CostFact, CostMethod, Period
from schemas.base import shown

_METHODS: Final = """
SELECT c.tenant_id, c.sku, c.method, c.standard_cost, c.version
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku)
JOIN cost_method c USING (tenant_id, sku) ORDER BY c.tenant_id, c.sku FOR NO KEY UPDATE OF c
"""
_SAVE_METHODS: Final = """
INSERT INTO cost_method AS old (tenant_id, sku, method, standard_cost, version, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, sku) DO UPDATE
SET method = excluded.method, standard_cost = excluded.standard_cost, version = excluded.version,
    actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""


def lock_methods(
    tx: Transaction, asked: Collection[tuple[str, str]]
) -> dict[tuple[str, str], CostMethod]:
    """Lock and load how items' values are kept, by (tenant, item)."""
    return {(row[0], row[1]): CostMethod(*row) for row in keyed.rows(tx, _METHODS, asked)}


def save_methods(tx: Transaction, methods: Collection[tuple[CostMethod, str]]) -> None:
    """Store how items' values are kept, each with the actor who said so.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    keyed.save(tx, _SAVE_METHODS, [(*method, actor_id) for method, actor_id in methods])


# Whoever dates something back reads the period under a lock, so that it is not closed meanwhile.
_PERIODS: Final = """
SELECT p.tenant_id, p.closed_until, p.backdaters, p.reason, p.version, p.currency
FROM unnest(%s::text[]) AS asked(tenant_id)
JOIN period p USING (tenant_id) ORDER BY p.tenant_id
"""
_SAVE_PERIODS: Final = """
INSERT INTO period AS old (tenant_id, closed_until, backdaters, reason, version, currency, actor_id)
SELECT * FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[], %s::bigint[], %s::text[],
    %s::text[])
ON CONFLICT (tenant_id) DO UPDATE
SET closed_until = excluded.closed_until, backdaters = excluded.backdaters,
    reason = excluded.reason, version = excluded.version, currency = excluded.currency,
    actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""


def lock_periods(
    tx: Transaction, asked: Collection[tuple[str]], *, change: bool
) -> dict[tuple[str], Period]:
    """Lock and load the tenants' periods; unless to `change` them, others may read them too."""
    statement = _PERIODS + ("FOR NO KEY UPDATE OF p" if change else "FOR SHARE OF p")
    rows = keyed.rows(tx, statement, asked)
    return {
        (row[0],): Period(row[0], row[1], tuple(orjson.loads(row[2])), *row[3:]) for row in rows
    }


def save_periods(tx: Transaction, periods: Collection[tuple[Period, str]]) -> None:
    """Store periods, each with the actor who set it.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    rows = [
        (tenant_id, closed_until, orjson.dumps(backdaters).decode(), *rest, actor_id)
        for (tenant_id, closed_until, backdaters, *rest), actor_id in periods
    ]
    keyed.save(tx, _SAVE_PERIODS, rows)


_COPY: Final = """
COPY cost_fact (tenant_id, shard, sequence, entry, sku, kind, from_account, location, unit_cost,
    amount, document, line, method, effective_at, actor_id, recorded_at) FROM STDIN
"""


def row(place: tuple[str, int, int], entry: int, fact: CostFact, actor_id: str, at: str) -> str:
    """One row as COPY takes it; `place` is the (tenant, shard, sequence) of its journal row."""
    tenant_id, shard, sequence = place
    return "\t".join(
        (
            f"{tenant_id}\t{shard}\t{sequence}\t{entry}",
            escaped(fact.sku),
            fact.kind,
            fact.from_account,
            escaped(fact.location),
            *(
                optional(None if each is None else shown(each))
                for each in (fact.unit_cost, fact.amount)
            ),
            escaped(fact.document),
            str(fact.line),
            optional(fact.method),
            fact.effective_at or at,
            escaped(actor_id),
            at,
        )
    )


def append(tx: Transaction, rows: Iterable[str]) -> None:
    """Add facts."""
    copy_rows(tx, _COPY, rows)
