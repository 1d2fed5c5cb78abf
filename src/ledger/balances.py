"""Table balance: what is on hand, reserved, held and incoming, by item, location and lot.

Kept beside the movements for speed, and proved from them by `stockyard verify`. Its CHECK
constraints refuse an oversell even where the code above them has a bug.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

from ledger import keyed
from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.level import NO_LOT, Level, LevelKey
from schemas.base import ZERO

# Every transaction takes the rows in the order of their key, so that no two wait for each other.
_READ: Final = """
SELECT b.tenant_id, b.sku, b.location, b.lot,
    trim_scale(b.on_hand), trim_scale(b.reserved),
    trim_scale(nullif(b.held, 0)), trim_scale(nullif(b.incoming, 0)),
    trim_scale(nullif(b.backorder_limit, 0)), b.version, trim_scale(nullif(b.negative_limit, 0)),
    nullif(b.by_serial, false), trim_scale(nullif(b.binned, 0)),
    EXISTS (SELECT FROM item i WHERE i.tenant_id = b.tenant_id AND i.sku = b.sku AND NOT i.active)
FROM unnest({arrays}) AS asked(tenant_id, sku, location{more})
JOIN balance b USING (tenant_id, sku, location)
WHERE b.lot = '' OR {which}
ORDER BY b.tenant_id, b.sku, b.location, b.lot
"""
_PLACES: Final = "%s::text[], %s::text[], %s::text[]"
_LEFT: Final = "(b.on_hand <> 0 OR b.reserved <> 0 OR b.held <> 0 OR b.incoming <> 0)"
# As `_which` says it: all lots, those with anything left and named ones, or named ones alone.
_SOME: Final = f"""asked.lots = '*' OR (asked.lots NOT LIKE '=%%' AND {_LEFT})
    OR b.lot = ANY (string_to_array(substr(asked.lots, 2), E'\x1f'))"""
_FOR: Final = "FOR NO KEY UPDATE OF b\n"
_READ_ALL: Final = _READ.format(arrays=_PLACES, more="", which="true")
_LOCK: Final = _READ.format(arrays=_PLACES, more="", which=_LEFT) + _FOR
_LOCK_SOME: Final = _READ.format(arrays=f"{_PLACES}, %s::text[]", more=", lots", which=_SOME) + _FOR
_EVERY: Final = "*"

Place = tuple[str, str, str]
"""Tenant, item and location."""
Named = tuple[str, str, str, str]
"""Tenant, item, location and lot."""


def lock(
    tx: Transaction,
    whole: Collection[Place],
    stocked: Collection[Place] = (),
    named: Collection[Named] = (),
) -> tuple[list[Level], set[tuple[str, str]]]:
    """Lock and load levels; and which of their items are inactive.

    Of the `whole` places all lots that ever were there, of the `stocked` ones those of which
    anything is left, and the `named` levels: where lots come and go, thousands are used up.
    Inactive items are few and have an index of their own, so that asking costs next to nothing.
    """
    if whole or named:
        which = _which(whole, stocked, named)
        keys = [(*place, lots) for place, lots in which.items()]
        rows = list(keyed.rows(tx, _LOCK_SOME, keys))
    else:
        rows = list(keyed.rows(tx, _LOCK, stocked))
    return [_read(row) for row in rows], {(row[0], row[1]) for row in rows if row[-1]}


def _which(
    whole: Collection[Place], stocked: Collection[Place], named: Collection[Named]
) -> dict[Place, str]:
    """Which lots of each place are needed.

    `*` is all, `+` those with anything left and others by name, `=` those by name alone.
    """
    by_place: defaultdict[Place, list[str]] = defaultdict(list)
    for tenant_id, sku, location, lot in named:
        by_place[tenant_id, sku, location].append(lot)
    which = {place: "=" + "\x1f".join(lots) for place, lots in by_place.items()}
    which |= {place: "+" + which.get(place, "")[1:] for place in stocked}
    return which | dict.fromkeys(whole, _EVERY)


def read(tx: Transaction, places: Collection[Place]) -> list[Level]:
    """All lots at the (tenant, item, location) places as they are now, for who changes none."""
    return [_read(row) for row in keyed.rows(tx, _READ_ALL, places)]


_WHEREVER: Final = """
SELECT DISTINCT b.tenant_id, b.sku, b.location
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku) JOIN balance b USING (tenant_id, sku)
"""


def places(tx: Transaction, items: Collection[tuple[str, str]]) -> set[tuple[str, str, str]]:
    """All (tenant, item, location) places where the (tenant, item) pairs were ever stocked."""
    return {(row[0], row[1], row[2]) for row in keyed.rows(tx, _WHEREVER, items)}


_KEPT: Final = """
SELECT DISTINCT b.tenant_id, b.sku, b.lot
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, lot)
JOIN balance b USING (tenant_id, sku, lot)
"""
_OF_LOTS: Final = """
SELECT DISTINCT b.tenant_id, b.sku, b.location
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, lot)
JOIN balance b USING (tenant_id, sku, lot)
"""


def stocked(tx: Transaction, lots: Collection[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Those of (tenant, item, lot) that were ever stocked anywhere."""
    return {(row[0], row[1], row[2]) for row in keyed.rows(tx, _KEPT, lots)}


def places_of(tx: Transaction, lots: Collection[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """All (tenant, item, location) places where the (tenant, item, lot)s were ever stocked."""
    return {(row[0], row[1], row[2]) for row in keyed.rows(tx, _OF_LOTS, lots)}


def _read(row: tuple[Any, ...]) -> Level:
    """One level. What there is mostly none of came as a null: thousands of zeros cost."""
    tenant_id, sku, location, lot, on_hand, reserved, held, incoming = row[:8]
    backorder_limit, version, negative_limit, by_serial, binned, _ = row[8:]
    return Level(
        LevelKey(tenant_id, sku, location, lot),
        on_hand,
        reserved,
        held or ZERO,
        incoming or ZERO,
        backorder_limit or ZERO,
        version,
        negative_limit or ZERO,
        by_serial or False,
        binned or ZERO,
    )


_UPDATE: Final = """
UPDATE balance b
SET on_hand = n.on_hand, reserved = n.reserved, held = n.held, incoming = n.incoming,
    version = n.version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::bigint[])
    AS n(tenant_id, sku, location, lot, on_hand, reserved, held, incoming, version)
WHERE b.tenant_id = n.tenant_id AND b.sku = n.sku AND b.location = n.location AND b.lot = n.lot
    AND b.version = n.version - 1
"""
# Only where more or less lies in bins: all others are spared a column.
_UPDATE_BINNED: Final = """
UPDATE balance b
SET on_hand = n.on_hand, reserved = n.reserved, held = n.held, incoming = n.incoming,
    version = n.version, binned = n.binned
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::bigint[], %s::numeric[])
    AS n(tenant_id, sku, location, lot, on_hand, reserved, held, incoming, version, binned)
WHERE b.tenant_id = n.tenant_id AND b.sku = n.sku AND b.location = n.location AND b.lot = n.lot
    AND b.version = n.version - 1
"""
_INSERT: Final = """
INSERT INTO balance
    (tenant_id, sku, location, lot, on_hand, reserved, held, incoming, version, backorder_limit,
    negative_limit, by_serial, binned)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],
    %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[], %s::bigint[], %s::numeric[],
    %s::numeric[], %s::boolean[], %s::numeric[])
"""
_LIMIT: Final = """
UPDATE balance b SET backorder_limit = n.backorder_limit, negative_limit = n.negative_limit
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[])
    AS n(tenant_id, sku, location, lot, backorder_limit, negative_limit)
WHERE b.tenant_id = n.tenant_id AND b.sku = n.sku AND b.location = n.location AND b.lot = n.lot
"""
# A policy that was changed meanwhile has not seen the new row, nor did we see the policy. Its
# item's row is locked by whoever changes it, and by the insert: so one has waited for the other.
_OTHERWISE: Final = """
SELECT 1
FROM unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[])
    AS n(tenant_id, sku, location, backorder_limit, negative_limit)
LEFT JOIN policy o ON (o.tenant_id, o.sku, o.location) = (n.tenant_id, n.sku, n.location)
LEFT JOIN policy g ON (g.tenant_id, g.sku, g.location) = (n.tenant_id, n.sku, '')
WHERE n.backorder_limit <> coalesce(o.backorder_limit, g.backorder_limit, 0)
    OR n.negative_limit <> coalesce(o.negative_limit, g.negative_limit, 0)
LIMIT 1
"""


def save(
    tx: Transaction, levels: Collection[Level], rebinned: Collection[LevelKey] = frozenset()
) -> None:
    """Store the levels that a batch has changed, each with its version one higher.

    Of those that are `rebinned` more or less lies in bins than before.

    Raises:
        RuntimeError: a locked row was not as it was loaded.
        psycopg.errors.CheckViolation: a level broke a rule that the decisions should have kept.
        psycopg.errors.UniqueViolation: another batch made the same new level in this moment.
        RacedError: another batch changed the limits of a new level in this moment.
    """
    for level in levels:
        level.version += 1
    changed = [level for level in levels if level.version > 1]
    new = [level for level in levels if level.version == 1]
    if rebinned:
        in_bins = [level for level in changed if level.key in rebinned]
        changed = [level for level in changed if level.key not in rebinned]
        _update(tx, _UPDATE_BINNED, in_bins, [_binned(in_bins)])
    _update(tx, _UPDATE, changed, [])
    if new:
        by_serial = numbers(level.by_serial for level in new)
        tx.execute(_INSERT, [*_columns(new), *_limits(new), by_serial, _binned(new)])
        unlotted = [level for level in new if level.key.lot == NO_LOT]
        if (
            unlotted
            and tx.execute(_OTHERWISE, [*_keys(unlotted)[:3], *_limits(unlotted)]).fetchone()
        ):
            raise keyed.RacedError("a policy changed while a level came into being")


def _update(tx: Transaction, statement: str, levels: Collection[Level], more: list[str]) -> None:
    if levels and tx.execute(statement, [*_columns(levels), *more]).rowcount != len(levels):
        raise RuntimeError("a balance changed under its lock")


def save_limits(tx: Transaction, levels: Collection[Level]) -> None:
    """Store the limits of levels that stand, as policies have changed them."""
    if levels:
        tx.execute(_LIMIT, [*_keys(levels), *_limits(levels)])


def _columns(levels: Collection[Level]) -> list[str]:
    return [
        *_keys(levels),
        numbers(level.on_hand for level in levels),
        numbers(level.reserved for level in levels),
        numbers(level.held for level in levels),
        numbers(level.incoming for level in levels),
        numbers(level.version for level in levels),
    ]


def _binned(levels: Collection[Level]) -> str:
    return numbers(level.binned for level in levels)


def _keys(levels: Collection[Level]) -> list[str]:
    return [texts(column) for column in zip(*(level.key for level in levels), strict=True)]


def _limits(levels: Collection[Level]) -> list[str]:
    return [
        numbers(level.backorder_limit for level in levels),
        numbers(level.negative_limit for level in levels),
    ]
