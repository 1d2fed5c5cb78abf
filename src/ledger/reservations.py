"""Table reservation: what is promised to whom, and what is left of each promise."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped, optional
from ledger.documents import GIVE_WAY_MAX, Reservation, ReservationLine
from schemas.base import shown
from schemas.serials import compact, spelt_out
from schemas.times import stamp

_COLUMNS: Final = (
    "tenant_id, reservation_id, order_id, status, expires_at, lines, shipments, created_at, version, "
    "choices, conversions, kits"
)
_LOCK: Final = f"""
SELECT {", ".join("r." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, reservation_id)
JOIN reservation r USING (tenant_id, reservation_id)
ORDER BY r.tenant_id, r.reservation_id
FOR NO KEY UPDATE OF r
"""  # noqa: S608  # the columns are ours
_DUE: Final = f"""
SELECT {_COLUMNS} FROM reservation
WHERE status = 'active' AND expires_at <= %s
ORDER BY expires_at LIMIT %s
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608  # the columns are ours


def lock(tx: Transaction, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Reservation]:
    """Lock and load reservations, by (tenant, id)."""
    return {(row[0], row[1]): _read(row) for row in keyed.rows(tx, _LOCK, asked)}


def lock_due(tx: Transaction, now: datetime, limit: int) -> list[Reservation]:
    """Lock and load active reservations whose time has passed, the longest due first.

    Passes over those that another batch has in hand.
    """
    return [_read(row) for row in tx.execute(_DUE, [now, limit])]


# Promises of any lot are found by the lots that they have; the index is read by bitmaps, which
# batches otherwise do without.
_WITH_BITMAPS: Final = "SET LOCAL enable_bitmapscan = on"
_WITHOUT: Final = "SET LOCAL enable_bitmapscan = off"
_BOUND: Final = f"""
SELECT {", ".join("r." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS a(tenant_id, sku, location, lot)
CROSS JOIN LATERAL (
    SELECT * FROM reservation
    WHERE tenant_id = a.tenant_id AND status = 'active' AND choices IS NOT NULL
        AND choices::jsonb @> jsonb_build_array(jsonb_build_object('sku', a.sku,
            'location', a.location, 'any_lot', jsonb_build_array(a.lot)))
    ORDER BY created_at DESC, reservation_id DESC LIMIT {GIVE_WAY_MAX}
    FOR NO KEY UPDATE SKIP LOCKED
) r
"""  # noqa: S608  # the columns are ours


def lock_bound(tx: Transaction, levels: Collection[tuple[str, str, str, str]]) -> list[Reservation]:
    """Lock and load the active promises of any lot that have one of the (tenant, item, location, lot).

    Passes over those that another batch has in hand.
    """
    if not levels:
        return []
    tx.execute(_WITH_BITMAPS)
    found = [_read(row) for row in keyed.rows(tx, _BOUND, levels)]
    tx.execute(_WITHOUT)
    return found


def _read(row: tuple[Any, ...]) -> Reservation:
    tenant_id, reservation_id, order_id, status, expires_at, lines, shipments = row[:7]
    created, version, choices, conversions, kits = row[7:]
    return Reservation(
        tenant_id,
        reservation_id,
        order_id,
        status,
        expires_at,
        tuple(_read_line(line) for line in orjson.loads(lines)),
        tuple(orjson.loads(shipments)),
        stamp(created),
        version,
        tuple(orjson.loads(choices)) if choices else (),
        tuple(orjson.loads(conversions)) if conversions else (),
        tuple(orjson.loads(kits)) if kits else (),
    )


def _read_line(line: list[Any]) -> ReservationLine:
    number, sku, location, lot, channel, quantity, reserved, released, consumed, *serials = line
    return ReservationLine(
        number,
        sku,
        location,
        lot,
        channel,
        Decimal(quantity),
        Decimal(reserved),
        Decimal(released),
        Decimal(consumed),
        spelt_out(serials[0]) if serials else None,
    )


_COPY: Final = f"COPY reservation ({_COLUMNS}, actor_id) FROM STDIN"


def row(reservation: Reservation, actor_id: str) -> str:
    """One new row as COPY takes it."""
    tenant_id, named, order_id, status, expires_at, lines, shipments = reservation[:7]
    created, version, choices, conversions, kits = reservation[7:]
    return "\t".join(
        (
            tenant_id,
            named,
            escaped(order_id),
            status,
            optional(None if expires_at is None else stamp(expires_at)),
            escaped(_lines(lines)),
            escaped(orjson.dumps(shipments).decode()),
            created,
            str(version),
            escaped(orjson.dumps(choices).decode()) if choices else "\\N",
            escaped(orjson.dumps(conversions).decode()) if conversions else "\\N",
            escaped(orjson.dumps(kits).decode()) if kits else "\\N",
            escaped(actor_id),
        )
    )


def _lines(lines: Iterable[ReservationLine]) -> str:
    return orjson.dumps([_line(line) for line in lines]).decode()


def _line(line: ReservationLine) -> list[object]:
    number, sku, location, lot, channel, quantity, reserved, released, consumed, serials = line
    kept: list[object] = [
        number,
        sku,
        location,
        lot,
        channel,
        shown(quantity),
        shown(reserved),
        shown(released),
        shown(consumed),
    ]
    if serials is not None:
        kept.append(compact(serials))
    return kept


def insert(tx: Transaction, rows: Iterable[str]) -> None:
    """Add new reservations."""
    copy_rows(tx, _COPY, rows)


_UPDATE: Final = """
UPDATE reservation r
SET status = n.status, lines = n.lines, shipments = n.shipments, version = n.version,
    actor_id = n.actor_id
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
    AS n(tenant_id, reservation_id, status, lines, shipments, version, actor_id)
WHERE r.tenant_id = n.tenant_id AND r.reservation_id = n.reservation_id AND r.version < n.version
"""


def update(tx: Transaction, changed: Collection[tuple[Reservation, str]]) -> None:
    """Store changed reservations, each with the actor who changed it last.

    Raises:
        RuntimeError: a locked row was not as it was loaded.
    """
    if not changed:
        return
    done = tx.execute(_UPDATE, _columns(changed))
    if done.rowcount != len(changed):
        raise RuntimeError("a reservation changed under its lock")
    _update_column(tx, "kits", [each for each, _ in changed if each.kits])
    rebound = [each for each, _ in changed if any("rebound" in one for one in each.choices)]
    _update_column(tx, "choices", rebound)


_UPDATE_COLUMN: Final = """
UPDATE reservation r SET {0} = n.{0}
FROM unnest(%s::text[], %s::text[], %s::text[]) AS n(tenant_id, reservation_id, {0})
WHERE r.tenant_id = n.tenant_id AND r.reservation_id = n.reservation_id
"""


def _update_column(tx: Transaction, name: str, changed: Collection[Reservation]) -> None:
    """Store what few reservations have, and fewer change: a column of JSON."""
    if changed:
        columns = [
            texts(each.tenant_id for each in changed),
            texts(each.reservation_id for each in changed),
            texts(orjson.dumps(getattr(each, name)).decode() for each in changed),
        ]
        tx.execute(_UPDATE_COLUMN.format(name).encode(), columns)


def _columns(changed: Collection[tuple[Reservation, str]]) -> list[str]:
    found = [reservation for reservation, _ in changed]
    return [
        texts(each.tenant_id for each in found),
        texts(each.reservation_id for each in found),
        texts(each.status for each in found),
        texts(_lines(each.lines) for each in found),
        texts(orjson.dumps(each.shipments).decode() for each in found),
        numbers(each.version for each in found),
        texts(actor_id for _, actor_id in changed),
    ]
