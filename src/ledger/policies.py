"""Table policy: what was set for items, everywhere or at one location."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.rules import Policy

_COLUMNS: Final = (
    "tenant_id, sku, location, backorder_limit, negative_limit, shelf_life_days, buffers, version"
)
_SELECTED: Final = (
    "p.tenant_id, p.sku, p.location, trim_scale(p.backorder_limit), "
    "trim_scale(p.negative_limit), p.shelf_life_days, p.buffers, p.version"
)
_AT_PLACES: Final = f"""
SELECT DISTINCT {_SELECTED}
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, location)
JOIN policy p ON p.tenant_id = asked.tenant_id AND p.sku = asked.sku
    AND p.location IN ('', asked.location)
"""  # noqa: S608  # the columns are ours
# A new balance has its limits from here, and its foreign key asks for its item's row: whoever
# changes policies locks that so that the insert waits, and is then found out (`balances.save`).
_OF_ITEMS: Final = f"""
SELECT {_SELECTED}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku)
JOIN item i USING (tenant_id, sku) LEFT JOIN policy p USING (tenant_id, sku)
ORDER BY i.tenant_id, i.sku, p.location
FOR UPDATE OF i
"""  # noqa: S608  # the columns are ours

PolicyKey = tuple[str, str, str]
"""Tenant, item, and location or everywhere."""


def at(tx: Transaction, places: Collection[tuple[str, str, str]]) -> dict[PolicyKey, Policy]:
    """What holds at (tenant, item, location) places: their own policies, and those of everywhere.

    Whoever reads has locked the balances there, and so has whoever changes a limit.
    """
    return {row[:3]: _read(row) for row in keyed.rows(tx, _AT_PLACES, places)}


def lock(tx: Transaction, items: Collection[tuple[str, str]]) -> dict[PolicyKey, Policy]:
    """Lock the (tenant, item) pairs, and load all of their policies."""
    return {row[:3]: _read(row) for row in keyed.rows(tx, _OF_ITEMS, items) if row[0] is not None}


def _read(row: tuple[Any, ...]) -> Policy:
    tenant_id, sku, location, backorder_limit, negative_limit, days, buffers, version = row
    kept = None
    if buffers is not None:
        each = orjson.loads(buffers)
        kept = tuple((one["channel"], Decimal(one["quantity"])) for one in each)
    return Policy(tenant_id, sku, location, backorder_limit, negative_limit, days, kept, version)


_SAVE: Final = f"""
INSERT INTO policy AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::integer[],
    %s::text[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, sku, location) DO UPDATE
SET backorder_limit = excluded.backorder_limit, negative_limit = excluded.negative_limit,
    shelf_life_days = excluded.shelf_life_days, buffers = excluded.buffers,
    version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, policies: Collection[tuple[Policy, str]]) -> None:
    """Store policies, each with the actor who set it.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    keyed.save(tx, _SAVE, [_row(policy, actor_id) for policy, actor_id in policies])


def _row(policy: Policy, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: its buffers are JSON, as its body shows them."""
    buffers = policy.told_buffers
    kept = None if buffers is None else orjson.dumps(buffers).decode()
    return (*policy[:6], kept, policy.version, actor_id)
