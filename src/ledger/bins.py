"""Tables bin, bin_level and bin_movement: places within a location, what lies in them, what was carried.

What lies in bins is a part of what the balances have on hand, and changes only while those are
locked. Whoever puts into bins of a location, or describes them, locks the location before: so that
what two put into a bin together is never more than it holds.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.arrays import numbers, texts
from ledger.bin_stock import Bin, BinKey, BinLevel, BinMove, read_rules
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped

_LOCK_SITES: Final = """
SELECT 1 FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, code)
JOIN location l USING (tenant_id, code) ORDER BY l.tenant_id, l.code
FOR NO KEY UPDATE OF l
"""
_COLUMNS: Final = "tenant_id, location, bin, zone, priority, capacity, takes, blocked, version"
_SELECTED: Final = (
    "b.tenant_id, b.location, b.bin, b.zone, b.priority, trim_scale(b.capacity), b.takes,"
    " b.blocked, b.version"
)
_NAMED: Final = f"""
SELECT {_SELECTED} FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, location, bin)
JOIN bin b USING (tenant_id, location, bin)
"""  # noqa: S608  # the columns are ours
_AT: Final = f"""
SELECT {_SELECTED} FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, location)
JOIN bin b USING (tenant_id, location)
"""  # noqa: S608  # the columns are ours


def lock_sites(tx: Transaction, sites: Collection[tuple[str, str]]) -> None:
    """Lock (tenant, location)s for those who put into bins there."""
    keyed.rows(tx, _LOCK_SITES, sites)


def named(tx: Transaction, asked: Collection[BinKey]) -> dict[BinKey, Bin]:
    """The bins that exist of (tenant, location, bin); their locations are locked."""
    return {found.key: found for found in map(_read, keyed.rows(tx, _NAMED, asked))}


def at(tx: Transaction, sites: Collection[tuple[str, str]]) -> dict[BinKey, Bin]:
    """All bins of (tenant, location)s, which are locked."""
    return {found.key: found for found in map(_read, keyed.rows(tx, _AT, sites))}


def _read(row: tuple[Any, ...]) -> Bin:
    *names, zone, priority, capacity, takes, blocked, version = row
    rules = read_rules(None if takes is None else orjson.loads(takes))
    tenant_id, location, code = names
    return Bin(tenant_id, location, code, zone, priority, capacity, rules, blocked, version)


_FILLED: Final = """
SELECT tenant_id, location, bin, trim_scale(sum(l.on_hand))
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, location, bin)
JOIN bin_level l USING (tenant_id, location, bin)
WHERE l.on_hand > 0 GROUP BY tenant_id, location, bin
"""


def filled(tx: Transaction, bins: Collection[BinKey]) -> dict[BinKey, Decimal]:
    """How much lies in each of the bins, of all items."""
    found = {(row[0], row[1], row[2]): row[3] for row in keyed.rows(tx, _FILLED, bins)}
    return {key: found.get(key, Decimal(0)) for key in bins}


_LEVELS: Final = """
SELECT l.tenant_id, l.sku, l.location, l.lot, l.bin, trim_scale(l.on_hand), trim_scale(l.held),
    l.version
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, location)
JOIN bin_level l USING (tenant_id, sku, location)
"""
# Not `> 0`, which is what the index by bin has: a planner without statistics takes that for the
# better one, and reads all of a location for each item.
_NOT_EMPTY: Final = "WHERE l.on_hand <> 0"


def levels(
    tx: Transaction, places: Collection[tuple[str, str, str]], *, empty: bool
) -> Iterable[BinLevel]:
    """What lies in bins of (tenant, item, location) places, whose balances are locked.

    `empty`: also of the bins in which there is nothing left.
    """
    statement = _LEVELS + ("" if empty else _NOT_EMPTY)
    return (BinLevel(*row) for row in keyed.rows(tx, statement, places))


_SAVE: Final = f"""
INSERT INTO bin AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::numeric[],
    %s::text[], %s::boolean[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, location, bin) DO UPDATE
SET zone = excluded.zone, priority = excluded.priority, capacity = excluded.capacity,
    takes = excluded.takes, blocked = excluded.blocked, version = excluded.version,
    actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, bins: Collection[tuple[Bin, str]]) -> None:
    """Store bins, each with the actor who described it.

    Raises:
        RacedError: a locked row was not as it was loaded.
    """
    keyed.save(tx, _SAVE, [_row(each, actor_id) for each, actor_id in bins])


def _row(described: Bin, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: its rules are JSON, as its body shows them."""
    takes = described.takes
    kept = None if takes is None else orjson.dumps([rule.told for rule in takes]).decode()
    return (*described[:6], kept, *described[7:], actor_id)


_SAVE_LEVELS: Final = """
INSERT INTO bin_level AS old (tenant_id, sku, location, lot, bin, on_hand, held, version)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[],
    %s::numeric[], %s::bigint[])
ON CONFLICT (tenant_id, sku, location, lot, bin) DO UPDATE
SET on_hand = excluded.on_hand, held = excluded.held, version = excluded.version
WHERE old.version < excluded.version
"""


def save_levels(tx: Transaction, changed: Collection[BinLevel]) -> None:
    """Store what lies in bins, as a batch leaves it.

    Raises:
        RuntimeError: a row was not as it was loaded, though its balance was locked.
    """
    if not changed:
        return
    *names, on_hand, held, versions = zip(*changed, strict=True)
    columns = [*map(texts, names), *map(numbers, (on_hand, held, versions))]
    if tx.execute(_SAVE_LEVELS, columns).rowcount != len(changed):
        raise RuntimeError("what lies in a bin changed under the lock of its balance")


_COPY_MOVED: Final = """
COPY bin_movement (tenant_id, shard, sequence, entry, sku, location, lot, from_bin, to_bin,
    quantity, document, actor_id, moved_at) FROM STDIN
"""


def moved_row(
    place: tuple[str, int, int], entry: int, move: BinMove, actor_id: str, at: str
) -> str:
    """One row as COPY takes it; `place` is the (tenant, shard, sequence) of its journal row."""
    *names, quantity, document = move
    said = (*map(escaped, names), str(quantity), escaped(document), escaped(actor_id), at)
    return "\t".join((*map(str, place), str(entry), *said))


def append_moved(tx: Transaction, rows: Iterable[str]) -> None:
    """Add what was carried between bins."""
    copy_rows(tx, _COPY_MOVED, rows)
