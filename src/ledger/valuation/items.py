"""Tables value_item and value_checkpoint: how the values of an item stand, and stood behind earlier facts."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger.connection import Transaction
from ledger.valuation import currencies
from ledger.valuation.facts import FIRST, Key, Source
from ledger.valuation.fold import State
from ledger.valuation.intake import ItemKey, keyed
from ledger.valuation.pools import Layer, Pool, Rule
from schemas.base import shown


@dataclass(slots=True)
class Standing:
    """How an item's values stand: behind which fact, how many that were, and the state there."""

    reached: Key
    facts: int
    state: State


_WAITING: Final = """
SELECT i.tenant_id, i.sku, i.reached_at, i.reached_shard, i.reached_sequence, i.reached_entry,
    i.reached_passed, i.facts, i.state
FROM (SELECT DISTINCT tenant_id, sku FROM value_wait ORDER BY tenant_id, sku LIMIT %s) w
JOIN value_item i USING (tenant_id, sku)
ORDER BY i.tenant_id, i.sku FOR NO KEY UPDATE OF i SKIP LOCKED
"""


def lock_waiting(tx: Transaction, limit: int) -> dict[ItemKey, Standing]:
    """Lock and load up to so many items that wait for their values, and that nobody has in hand."""
    rows = tx.execute(_WAITING.encode(), [limit]).fetchall()
    return _standing(tx, rows)


_BEFORE: Final = """
SELECT a.tenant_id, a.sku, c.reached_at, c.reached_shard, c.reached_sequence, c.reached_entry,
    c.reached_passed, coalesce(c.facts, 0), coalesce(c.state, '')
FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::smallint[],
    %s::smallint[]) AS a(tenant_id, sku, at, shard, sequence, entry, passed)
LEFT JOIN LATERAL (
    SELECT * FROM value_checkpoint c WHERE c.tenant_id = a.tenant_id AND c.sku = a.sku
        AND (c.reached_at, c.reached_shard, c.reached_sequence, c.reached_entry, c.reached_passed)
            < (a.at, a.shard, a.sequence, a.entry, a.passed)
    ORDER BY c.reached_at DESC, c.reached_shard DESC, c.reached_sequence DESC, c.reached_entry DESC,
        c.reached_passed DESC
    LIMIT 1
) c ON true
"""
_FORGET: Final = """
DELETE FROM {table} t
USING unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::smallint[],
    %s::smallint[]) AS a(tenant_id, sku, at, shard, sequence, entry, passed)
WHERE t.tenant_id = a.tenant_id AND t.sku = a.sku
    AND ({key}) > (a.at, a.shard, a.sequence, a.entry, a.passed)
"""
_FORGOTTEN: Final = {
    "value_checkpoint": (
        "t.reached_at, t.reached_shard, t.reached_sequence, t.reached_entry, t.reached_passed"
    ),
    "value_source": "t.effective_at, t.shard, t.sequence, t.entry, 0",
    "value_application": "t.effective_at, t.shard, t.sequence, t.entry, t.passed",
}


def rewind(tx: Transaction, items: Mapping[ItemKey, Key]) -> dict[ItemKey, Standing]:
    """Go back to before a fact of each item, and forget all that followed from there on.

    Entries stay: what comes out differently is told by one more.
    """
    rows = tx.execute(_BEFORE.encode(), keyed(items)).fetchall()
    standing = _standing(tx, rows)
    reached = keyed({item: each.reached for item, each in standing.items()})
    for table, key in _FORGOTTEN.items():
        tx.execute(_FORGET.format(table=table, key=key).encode(), reached)
    return standing


_SAVE: Final = """
UPDATE value_item i
SET reached_at = n.at, reached_shard = n.shard, reached_sequence = n.sequence,
    reached_entry = n.entry, reached_passed = n.passed, facts = n.facts, state = n.state
FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[], %s::smallint[],
    %s::smallint[], %s::bigint[], %s::text[])
    AS n(tenant_id, sku, at, shard, sequence, entry, passed, facts, state)
WHERE i.tenant_id = n.tenant_id AND i.sku = n.sku
"""
_KEEP: Final = """
INSERT INTO value_checkpoint (tenant_id, sku, reached_at, reached_shard, reached_sequence,
    reached_entry, reached_passed, facts, state)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[], %s::bigint[],
    %s::smallint[], %s::smallint[], %s::bigint[], %s::text[])
"""
Written = tuple[ItemKey, Key, int, str]
"""A standing as a row: of which item, behind which fact, how many they were, the state."""


def written(item: ItemKey, standing: Standing) -> Written:
    """A standing as a row, whatever becomes of it afterwards."""
    return item, standing.reached, standing.facts, dump(standing.state)


def save(tx: Transaction, rows: Collection[Written]) -> None:
    """Store how items stand."""
    if rows:
        tx.execute(_SAVE.encode(), _listed(rows))


def keep(tx: Transaction, rows: Collection[Written]) -> None:
    """Store checkpoints."""
    if rows:
        tx.execute(_KEEP.encode(), _listed(rows))


def _listed(rows: Iterable[Written]) -> list[list[object]]:
    flat = [(*item, *key, facts, state) for item, key, facts, state in rows]
    return [list(column) for column in zip(*flat, strict=True)]


def _standing(tx: Transaction, rows: Collection[tuple[Any, ...]]) -> dict[ItemKey, Standing]:
    decimals = currencies.decimals(tx)
    return {(row[0], row[1]): _read(row[2:], decimals[row[0]]) for row in rows}


def _read(row: tuple[Any, ...], decimals: int) -> Standing:
    *key, facts, state = row
    reached = FIRST if key[0] is None else Key(*key)
    return Standing(reached, facts, load(state, decimals))


def dump(state: State) -> str:
    """A state as its table keeps it."""
    rule = state.rule
    pools = {
        place: (shown(pool.value), _rows(pool.layers), _rows(pool.owed))
        for place, pool in state.pools.items()
        if not pool.is_empty
    }
    said = (rule.method, shown(rule.standard), shown(state.last_cost), pools)
    return orjson.dumps(said).decode()


def _rows(layers: Iterable[Layer]) -> list[tuple[object, ...]]:
    return [(shown(each.quantity), shown(each.value), *each.source) for each in layers]


def load(text: str, decimals: int) -> State:
    """A state as its table has it; none is that of an item without facts."""
    if not text:
        return State(Rule(decimals))
    method, standard, last_cost, pools = orjson.loads(text)
    rule = Rule(decimals, method, Decimal(standard))
    return State(rule, {place: _pool(*pool) for place, pool in pools.items()}, Decimal(last_cost))


def _pool(value: str, layers: list[list[Any]], owed: list[list[Any]]) -> Pool:
    lying = _layers(layers)
    quantity = sum((each.quantity for each in lying), Decimal(0))
    return Pool(lying, _layers(owed), quantity, Decimal(value))


def _layers(rows: list[list[Any]]) -> deque[Layer]:
    return deque(Layer(Decimal(row[0]), Decimal(row[1]), Source(row[2], row[3])) for row in rows)
