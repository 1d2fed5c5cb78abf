"""What the statements of the stock's own tables do to rows in memory: balances and reservations."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from simulation.rows import copied, number, rows_of
from simulation.store import Found, Row, Session


def lock_balances(session: Session, values: Any) -> list[Row]:
    places = set(rows_of(values))
    keys = sorted(key for key in session.store.tables["balance"] if key[:3] in places)
    for key in keys:
        session.lock("balance", key)
    return [session.get("balance", key) for key in keys]


def _balance(columns: Row) -> tuple[Row, Row]:
    key = tuple(columns[:4])
    on_hand, reserved, held, incoming = map(number, columns[4:8])
    if on_hand < 0 or reserved < 0 or held < 0 or on_hand - reserved - held < 0:
        raise psycopg.errors.CheckViolation(f"no_oversell: {columns}")
    return key, (
        *key,
        on_hand,
        reserved,
        held,
        incoming,
        Decimal(0),
        int(columns[8]),
        None,
        None,
        None,
        False,
    )


def update_balances(session: Session, values: Any) -> Found:
    changed = 0
    for columns in rows_of(values):
        key, row = _balance(columns)
        session.lock("balance", key)
        if session.get("balance", key)[9] == row[9] - 1:
            session.put("balance", key, row)
            changed += 1
    return Found(changed=changed)


def insert_balances(session: Session, values: Any) -> Found:
    for columns in rows_of(values):
        key, row = _balance(columns)
        session.add("balance", key, row)
    return Found()


def copy_movements(session: Session, lines: list[str]) -> None:
    for line in lines:
        columns = copied(line)
        key = (columns[0], *map(int, columns[1:4]))
        session.add("movement", key, tuple(columns))


def lock_reservations(session: Session, values: Any) -> list[Row]:
    keys = sorted(key for key in rows_of(values) if session.get("reservation", key))
    for key in keys:
        session.lock("reservation", key)
    return [session.get("reservation", key) for key in keys]


def lock_due(session: Session, values: Any) -> list[Row]:
    moment, limit = values
    due = [
        (row[4], key)
        for key, row in session.store.tables["reservation"].items()
        if row[3] == "active" and row[4] and row[4] <= moment and session.free("reservation", key)
    ]
    found = [key for _, key in sorted(due)[:limit]]
    for key in found:
        session.lock("reservation", key)
    return [session.get("reservation", key) for key in found]


def copy_reservations(session: Session, lines: list[str]) -> None:
    for line in lines:
        tenant_id, named, order, status, expires_at, lined, shipped, *rest = copied(line)
        made, version, choices, conversions, kits, _ = rest
        expires = datetime.fromisoformat(expires_at) if expires_at else None
        created = datetime.fromisoformat(made)
        row = (
            tenant_id,
            named,
            order,
            status,
            expires,
            lined,
            shipped,
            created,
            int(version),
            choices,
            conversions,
            kits,
        )
        session.add("reservation", (tenant_id, named), row)


def update_reservations(session: Session, values: Any) -> Found:
    changed = 0
    for tenant_id, named, status, lined, shipped, version, _ in rows_of(values):
        key = (tenant_id, named)
        session.lock("reservation", key)
        old = session.get("reservation", key)
        if old[8] < int(version):
            row = (*old[:3], status, old[4], lined, shipped, old[7], int(version), *old[9:])
            session.put("reservation", key, row)
            changed += 1
    return Found(changed=changed)


def found_in(table: str) -> Callable[[Session, Any], list[Row]]:
    """Rows of the catalog, which nobody changes here."""

    def find(session: Session, values: Any) -> list[Row]:
        return [row for key in sorted(rows_of(values)) if (row := session.get(table, key))]

    return find
