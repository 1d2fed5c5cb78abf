"""Table production: orders to make something, what each has reserved, used and made."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.making import Input, Output, Production
from ledger.recipes import read_components
from schemas.base import shown
from schemas.times import stamp

_COLUMNS: Final = (
    "tenant_id, production_id, sku, location, status, planned, makes, components, recipe_version, "
    "inputs, outputs, reference, reason, created_at, version"
)
_LOCK: Final = f"""
SELECT {", ".join("p." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, production_id)
JOIN production p USING (tenant_id, production_id) ORDER BY p.tenant_id, p.production_id
FOR NO KEY UPDATE OF p
"""  # noqa: S608  # the columns are ours


def lock(tx: Transaction, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Production]:
    """Lock and load production orders, by (tenant, id)."""
    return {(row[0], row[1]): _read(row) for row in keyed.rows(tx, _LOCK, asked)}


def _read(row: tuple[Any, ...]) -> Production:
    *named, planned, makes, components, recipe_version, inputs, outputs = row[:11]
    reference, reason, created_at, version = row[11:]
    tenant_id, production_id, sku, location, status = named
    return Production(
        tenant_id,
        production_id,
        sku,
        location,
        status,
        planned,
        makes,
        read_components(components),
        recipe_version,
        tuple(_read_input(each) for each in orjson.loads(inputs)),
        tuple(
            Output(each["lot"] or "", Decimal(each["quantity"])) for each in orjson.loads(outputs)
        ),
        reference,
        reason,
        stamp(created_at),
        version,
    )


def _read_input(kept: dict[str, Any]) -> Input:
    line, sku, lot, *quantities = kept.values()
    return Input(line, sku, lot or "", *map(Decimal, quantities))


_SAVE: Final = f"""
INSERT INTO production AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[],
    %s::numeric[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::timestamptz[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, production_id) DO UPDATE
SET status = excluded.status, inputs = excluded.inputs, outputs = excluded.outputs,
    reason = excluded.reason, version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, orders: Collection[tuple[Production, str]]) -> None:
    """Store production orders, each with the actor who changed it last.

    Raises:
        RacedError: a locked row was not as it was loaded.
    """
    keyed.save(tx, _SAVE, [_row(order, actor_id) for order, actor_id in orders])


def _row(order: Production, actor_id: str) -> tuple[object, ...]:
    return (
        *order[:5],
        shown(order.planned),
        shown(order.makes),
        _kept(order.components),
        order.recipe_version,
        _kept(order.inputs),
        _kept(order.outputs),
        *order[11:],
        actor_id,
    )


def _kept(parts: Collection[Any]) -> str:
    """As the table keeps them: as messages have them."""
    return orjson.dumps([part.shown() for part in parts]).decode()
