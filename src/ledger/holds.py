"""Table hold: what is kept from everybody, and what is left of each hold."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.documents import Hold, HoldLine
from schemas.base import shown
from schemas.times import stamp

_COLUMNS: Final = "tenant_id, hold_id, sku, status, reason, lines, created_at, version"
_LOCK: Final = f"""
SELECT {", ".join("h." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, hold_id)
JOIN hold h USING (tenant_id, hold_id) ORDER BY h.tenant_id, h.hold_id
FOR NO KEY UPDATE OF h
"""  # noqa: S608  # the columns are ours


def lock(tx: Transaction, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Hold]:
    """Lock and load holds, by (tenant, id)."""
    return {(row[0], row[1]): _read(row) for row in keyed.rows(tx, _LOCK, asked)}


def _read(row: tuple[Any, ...]) -> Hold:
    tenant_id, hold_id, sku, status, reason, lines, created_at, version = row
    read = tuple(
        HoldLine(location, lot, Decimal(held), Decimal(released), *of_bin)
        for location, lot, held, released, *of_bin in orjson.loads(lines)
    )
    return Hold(tenant_id, hold_id, sku, status, reason, read, stamp(created_at), version)


_SAVE: Final = f"""
INSERT INTO hold AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::timestamptz[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, hold_id) DO UPDATE
SET status = excluded.status, lines = excluded.lines, version = excluded.version,
    actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, holds: Collection[tuple[Hold, str]]) -> None:
    """Store holds, each with the actor who changed it last.

    Raises:
        RacedError: a locked row was not as it was loaded.
    """
    keyed.save(tx, _SAVE, [_row(hold, actor_id) for hold, actor_id in holds])


def _row(hold: Hold, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: its lines are JSON without the names of their fields."""
    tenant_id, hold_id, sku, status, reason, lines, created_at, version = hold
    kept = orjson.dumps(
        [
            (line.location, line.lot, shown(line.held), shown(line.released))
            + ((line.bin,) if line.bin else ())
            for line in lines
        ]
    )
    return tenant_id, hold_id, sku, status, reason, kept.decode(), created_at, version, actor_id
