"""Tables count and count_line: what was counted where, attempt by attempt, and what was expected."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.counting import Count, CountLine, Frozen
from schemas.base import shown
from schemas.times import stamp

_COLUMNS: Final = (
    "tenant_id, count_id, location, status, blind, scope, tolerance_percent, tolerance_quantity, "
    "reference, reason, counted_by, approved_by, lines, posted, created_at, version, frozen"
)
_LOCK: Final = f"""
SELECT {", ".join("c." + name for name in _COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, count_id)
JOIN count c USING (tenant_id, count_id) ORDER BY c.tenant_id, c.count_id
FOR NO KEY UPDATE OF c
"""  # noqa: S608  # the columns are ours


def lock(tx: Transaction, asked: Collection[tuple[str, str]]) -> dict[tuple[str, str], Count]:
    """Lock and load counts, by (tenant, id). Whoever holds one may read and write its lines."""
    return {(row[0], row[1]): _read(row) for row in keyed.rows(tx, _LOCK, asked)}


def _read(row: tuple[Any, ...]) -> Count:
    """One count; its scope and its counters are JSON."""
    told = dict(zip(Count._fields, row, strict=True))
    if told["scope"] is not None:
        told["scope"] = tuple((sku, lot) for sku, lot in orjson.loads(told["scope"]))
    told["counted_by"] = tuple(orjson.loads(told["counted_by"]))
    told["created_at"] = stamp(told["created_at"])
    return Count(**told)


_FROZEN: Final = """
SELECT tenant_id, location, count_id, scope FROM count WHERE frozen AND status = 'open'
"""


def frozen(tx: Transaction) -> Frozen:
    """What may not move while it is counted, of all tenants; so little that every batch may ask."""
    found: Frozen = {}
    for tenant_id, location, count_id, scope in tx.execute(_FROZEN):
        items = None if scope is None else frozenset(sku for sku, _ in orjson.loads(scope))
        found.setdefault((tenant_id, location), {})[count_id] = items
    return found


_SAVE: Final = f"""
INSERT INTO count AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bool[], %s::text[],
    %s::numeric[], %s::numeric[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[],
    %s::int[], %s::timestamptz[], %s::bigint[], %s::boolean[], %s::text[])
ON CONFLICT (tenant_id, count_id) DO UPDATE
SET status = excluded.status, reason = excluded.reason, counted_by = excluded.counted_by,
    approved_by = excluded.approved_by, lines = excluded.lines, posted = excluded.posted,
    version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, counts: Collection[tuple[Count, str]]) -> None:
    """Store counts, each with the actor who changed it last.

    Raises:
        RacedError: a locked row was not as it was loaded.
    """
    keyed.save(tx, _SAVE, [_row(count, actor_id) for count, actor_id in counts])


def _row(count: Count, actor_id: str) -> tuple[object, ...]:
    told = count._asdict()
    told["scope"] = None if count.scope is None else orjson.dumps(count.scope).decode()
    told["counted_by"] = orjson.dumps(count.counted_by).decode()
    return (*told.values(), actor_id)


_LINE_COLUMNS: Final = (
    "tenant_id, count_id, line, attempt, sku, lot, counted, counted_at, counted_by, expected, "
    "level_version"
)
_OF: Final = f"""
SELECT {", ".join("l." + name for name in _LINE_COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, count_id)
JOIN count_line l USING (tenant_id, count_id)
"""  # noqa: S608  # the columns are ours
_OF_ITEMS: Final = f"""
SELECT {", ".join("l." + name for name in _LINE_COLUMNS.split(", "))}
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, count_id, sku)
JOIN count_line l USING (tenant_id, count_id, sku)
"""  # noqa: S608  # the columns are ours

LineKey = tuple[str, str, str, str, str]
"""Tenant, count, item, lot and attempt."""


def lines(tx: Transaction, counts: Collection[tuple[str, str]]) -> dict[LineKey, CountLine]:
    """All lines of (tenant, id) counts, all attempts at them."""
    return _lines(keyed.rows(tx, _OF, counts))


def lines_of(tx: Transaction, items: Collection[tuple[str, str, str]]) -> dict[LineKey, CountLine]:
    """The lines of (tenant, count, item)."""
    return _lines(keyed.rows(tx, _OF_ITEMS, items))


def _lines(rows: Any) -> dict[LineKey, CountLine]:  # noqa: ANN401  # what the driver gives
    found = (CountLine(*row) for row in rows)
    return {line.key: line for line in found}


_SAVE_LINES: Final = f"""
INSERT INTO count_line AS old ({_LINE_COLUMNS}, version)
SELECT tenant_id, count_id, line, attempt, sku, lot, nullif(counted, '')::numeric,
    nullif(counted_at, '')::timestamptz, nullif(counted_by, ''), nullif(expected, '')::numeric,
    nullif(level_version, '')::bigint, version
FROM unnest(%s::text[], %s::text[], %s::int[], %s::smallint[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[])
    AS new({_LINE_COLUMNS}, version)
ON CONFLICT (tenant_id, count_id, sku, lot, attempt) DO UPDATE
SET counted = excluded.counted, counted_at = excluded.counted_at,
    counted_by = excluded.counted_by, expected = excluded.expected,
    level_version = excluded.level_version, version = excluded.version
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save_lines(tx: Transaction, written: Collection[tuple[CountLine, str]]) -> None:
    """Store lines, in one statement: there may be twenty thousand.

    Raises:
        RacedError: one was not as it was loaded.
    """
    if not written:
        return
    kept = [line for line, _ in written]
    columns = [
        texts(line.tenant_id for line in kept),
        texts(line.count_id for line in kept),
        numbers(line.line for line in kept),
        numbers(line.attempt for line in kept),
        texts(line.sku for line in kept),
        texts(line.lot for line in kept),
        texts(_number(line.counted) for line in kept),
        texts(_moment(line.counted_at) for line in kept),
        texts(line.counted_by or "" for line in kept),
        texts(_number(line.expected) for line in kept),
        texts("" if line.level_version is None else str(line.level_version) for line in kept),
        numbers(line.version for line in kept),
    ]
    if tx.execute(_SAVE_LINES, columns).rowcount != len(kept):
        raise keyed.RacedError("a line of a count changed under its count's lock")


def _number(number: Decimal | None) -> str:
    """A number as text; none as an empty one, since arrays of these know no null."""
    return "" if number is None else shown(number)


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()
