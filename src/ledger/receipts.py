"""Table receipt: what came in together, and what it cost: what charges and prices are of."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.costing import Receipt, ReceiptLine
from schemas.base import shown
from schemas.serials import compact, spelt_out
from schemas.times import stamp

_COLUMNS: Final = (
    "tenant_id, receipt_id, source, reference, lines, effective_at, created_at, version, "
    "vendor_id, ordered_at, promised_at"
)
_LOCK: Final = f"""
SELECT {", ".join("r." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, receipt_id)
JOIN receipt r USING (tenant_id, receipt_id) ORDER BY r.tenant_id, r.receipt_id
FOR NO KEY UPDATE OF r
"""  # noqa: S608  # the columns are ours


def lock(tx: Transaction, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Receipt]:
    """Lock and load receipts, by (tenant, id)."""
    return {(row[0], row[1]): _read(row) for row in keyed.rows(tx, _LOCK, asked)}


def _read(row: tuple[Any, ...]) -> Receipt:
    read = Receipt(*row)
    effective_at, created_at, _, _, ordered_at, promised_at = row[5:]
    return read._replace(
        lines=tuple(_read_line(line) for line in orjson.loads(row[4])),
        effective_at=stamp(effective_at),
        created_at=stamp(created_at),
        ordered_at=ordered_at and stamp(ordered_at),
        promised_at=promised_at and stamp(promised_at),
    )


def _read_line(line: list[Any]) -> ReceiptLine:
    number, sku, location, lot, quantity, unit_cost, *serials = line
    cost = None if unit_cost is None else Decimal(unit_cost)
    units = spelt_out(serials[0]) if serials else None
    return ReceiptLine(number, sku, location, lot, Decimal(quantity), cost, units)


_SAVE: Final = f"""
INSERT INTO receipt AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::text[], %s::timestamptz[],
    %s::timestamptz[], %s::text[])
ON CONFLICT (tenant_id, receipt_id) DO UPDATE
SET lines = excluded.lines, version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, receipts: Collection[tuple[Receipt, str]]) -> None:
    """Store receipts, each with the actor who changed it last.

    Raises:
        RacedError: a locked row was not as it was loaded.
    """
    keyed.save(tx, _SAVE, [_row(receipt, actor_id) for receipt, actor_id in receipts])


def _row(receipt: Receipt, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: its lines are JSON without the names of their fields."""
    lines = orjson.dumps([_kept(line) for line in receipt.lines]).decode()
    return (*receipt[:4], lines, *receipt[5:], actor_id)


def _kept(line: ReceiptLine) -> tuple[object, ...]:
    cost = None if line.unit_cost is None else shown(line.unit_cost)
    kept = (*line[:4], shown(line.quantity), cost)
    return kept if line.serials is None else (*kept, compact(line.serials))
