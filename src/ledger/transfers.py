"""Table transfer: what is on its way between our locations, and what became of it."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.documents import Transfer, TransferLine
from schemas.base import shown
from schemas.serials import compact, spelt_out
from schemas.times import stamp

_COLUMNS: Final = (
    "tenant_id, transfer_id, from_location, to_location, status, reference, reason, lines, "
    "created_at, version, conversions"
)
_LOCK: Final = f"""
SELECT {", ".join("t." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, transfer_id)
JOIN transfer t USING (tenant_id, transfer_id) ORDER BY t.tenant_id, t.transfer_id
FOR NO KEY UPDATE OF t
"""  # noqa: S608  # the columns are ours


def lock(tx: Transaction, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Transfer]:
    """Lock and load transfers, by (tenant, id)."""
    return {(row[0], row[1]): _read(row) for row in keyed.rows(tx, _LOCK, asked)}


def _read(row: tuple[Any, ...]) -> Transfer:
    tenant_id, transfer_id, *rest, lines, created_at, version, conversions = row
    read = tuple(
        TransferLine(*each[:3], *map(Decimal, each[3:7]), *map(spelt_out, each[7:]))
        for each in orjson.loads(lines)
    )
    from_location, to_location, status, reference, reason = rest
    return Transfer(
        tenant_id,
        transfer_id,
        from_location,
        to_location,
        status,
        reference,
        reason,
        read,
        stamp(created_at),
        version,
        tuple(orjson.loads(conversions)) if conversions else (),
    )


_SAVE: Final = f"""
INSERT INTO transfer AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[], %s::text[])
ON CONFLICT (tenant_id, transfer_id) DO UPDATE
SET status = excluded.status, reason = excluded.reason, lines = excluded.lines,
    version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, transfers: Collection[tuple[Transfer, str]]) -> None:
    """Store transfers, each with the actor who changed it last.

    Raises:
        RacedError: a locked row was not as it was loaded.
    """
    keyed.save(tx, _SAVE, [_row(transfer, actor_id) for transfer, actor_id in transfers])


def _row(transfer: Transfer, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: its lines are JSON without the names of their fields."""
    kept = [
        (*line[:3], *map(shown, line[3:7]))
        if line.serials is None
        else (*line[:3], *map(shown, line[3:7]), compact(line.serials))
        for line in transfer.lines
    ]
    return (
        *transfer[:7],
        orjson.dumps(kept).decode(),
        transfer.created_at,
        transfer.version,
        orjson.dumps(transfer.conversions).decode() if transfer.conversions else None,
        actor_id,
    )
