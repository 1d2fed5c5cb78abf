"""Whether read tables say what the ledger says, row by row, at one and the same moment."""

from collections.abc import Iterator
from itertools import count
from typing import Any, Final, LiteralString, NamedTuple

from ledger.connection import Transaction

ROWS_PER_FETCH: Final = 5_000
NAMED_MAX: Final = 20
"""How many differences of a table are spelt out; all are counted."""


class Parity(NamedTuple):
    """Two questions that must have the same answer, in the same order."""

    name: str
    key: int  # so many of the first columns name a row
    ledger: LiteralString
    read: LiteralString


# Text sorts by its code points on both sides, as Python compares it.
_LEVELS: Final = Parity(
    "level",
    4,
    """
    SELECT tenant_id, sku, location, lot, version, on_hand, reserved, held, incoming,
        on_hand - reserved - held + backorder_limit
    FROM balance
    ORDER BY tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C", lot COLLATE "C"
    """,
    """
    SELECT tenant_id, sku, location, lot, version, on_hand, reserved, held, incoming, available
    FROM level
    ORDER BY tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C", lot COLLATE "C"
    """,
)
_RESERVATIONS_SAY: Final = """
    SELECT tenant_id, reservation_id, version, status, order_id, expires_at FROM reservation
    ORDER BY tenant_id COLLATE "C", reservation_id COLLATE "C"
    """
_ITEMS_SAY: Final = """
    SELECT tenant_id, sku, version, name, uom, track_by, barcode, active, rounding, scale, units,
        barcodes, variant_of, attributes
    FROM item
    ORDER BY tenant_id COLLATE "C", sku COLLATE "C"
    """
_LOCATIONS_SAY: Final = """
    SELECT tenant_id, code, version, name, time_zone FROM location
    ORDER BY tenant_id COLLATE "C", code COLLATE "C"
    """
_POLICIES_SAY: Final = """
    SELECT tenant_id, sku, location, version, backorder_limit, negative_limit, shelf_life_days,
        buffers
    FROM policy ORDER BY tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C"
    """
_LOTS_SAY: Final = """
    SELECT tenant_id, sku, lot, version, status, reason, expires_on, best_before_on, remove_on,
        alert_on
    FROM lot ORDER BY tenant_id COLLATE "C", sku COLLATE "C", lot COLLATE "C"
    """
_HOLDS_SAY: Final = """
    SELECT tenant_id, hold_id, version, sku, status FROM hold
    ORDER BY tenant_id COLLATE "C", hold_id COLLATE "C"
    """
_TRANSFERS_SAY: Final = """
    SELECT tenant_id, transfer_id, version, from_location, to_location, status FROM transfer
    ORDER BY tenant_id COLLATE "C", transfer_id COLLATE "C"
    """
_COUNTS_SAY: Final = """
    SELECT tenant_id, count_id, version, location, status FROM count
    ORDER BY tenant_id COLLATE "C", count_id COLLATE "C"
    """
_COUNT_LINES: Final = Parity(
    "count_line",
    4,
    """
    SELECT l.tenant_id, l.count_id, l.line, l.attempt, l.version, c.location, l.sku, l.lot,
        l.counted, l.counted_at, l.expected
    FROM count_line l JOIN count c USING (tenant_id, count_id)
    ORDER BY l.tenant_id COLLATE "C", l.count_id COLLATE "C", l.line, l.attempt
    """,
    """
    SELECT tenant_id, count_id, line, attempt, version, location, sku, lot, counted, counted_at,
        expected
    FROM count_line
    ORDER BY tenant_id COLLATE "C", count_id COLLATE "C", line, attempt
    """,
)
_RECIPES_SAY: Final = """
    SELECT tenant_id, sku, version, kind FROM recipe
    ORDER BY tenant_id COLLATE "C", sku COLLATE "C"
    """
_PRODUCTIONS_SAY: Final = """
    SELECT tenant_id, production_id, version, sku, location, status FROM production
    ORDER BY tenant_id COLLATE "C", production_id COLLATE "C"
    """
_LINKS_SAY: Final = """
    SELECT tenant_id, parent_sku, parent_lot, child_sku, child_lot, document FROM genealogy
    ORDER BY tenant_id COLLATE "C", parent_sku COLLATE "C", parent_lot COLLATE "C",
        child_sku COLLATE "C", child_lot COLLATE "C", document COLLATE "C"
    """
_MOVEMENTS: Final = Parity(
    "ledger_entry",
    2,
    """
    SELECT tenant_id, shard, count(*), sum(quantity), max(sequence) FROM movement
    GROUP BY tenant_id, shard ORDER BY tenant_id COLLATE "C", shard
    """,
    """
    SELECT tenant_id, shard, count(*), sum(quantity), max(sequence) FROM ledger_entry
    GROUP BY tenant_id, shard ORDER BY tenant_id COLLATE "C", shard
    """,
)
_SERIALS: Final = Parity(
    "serial",
    3,
    """
    SELECT tenant_id, serial, sku, version, CASE WHEN account NOT LIKE '@%' THEN account END,
        document, reservation_id
    FROM serial ORDER BY tenant_id COLLATE "C", serial COLLATE "C", sku COLLATE "C"
    """,
    """
    SELECT tenant_id, serial, sku, version, location, document, reservation_id
    FROM serial ORDER BY tenant_id COLLATE "C", serial COLLATE "C", sku COLLATE "C"
    """,
)
_UNITS_MOVED: Final = Parity(
    "serial_entry",
    2,
    """
    SELECT tenant_id, shard, count(*), sum(entry), max(sequence) FROM serial_movement
    GROUP BY tenant_id, shard ORDER BY tenant_id COLLATE "C", shard
    """,
    """
    SELECT tenant_id, shard, count(*), sum(entry), max(sequence) FROM serial_entry
    GROUP BY tenant_id, shard ORDER BY tenant_id COLLATE "C", shard
    """,
)
_REPLENISHMENTS_SAY: Final = """
    SELECT tenant_id, sku, location, version, kind, reorder_point, maximum, safety_stock
    FROM replenishment
    ORDER BY tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C"
    """
_OBSERVATIONS_SAY: Final = """
    SELECT tenant_id, sku, location, version, observed_at FROM observation
    ORDER BY tenant_id COLLATE "C", sku COLLATE "C", location COLLATE "C"
    """
_RECOMMENDATIONS_SAY: Final = """
    SELECT tenant_id, recommendation_id, version, sku, location, status, quantity, created_at
    FROM recommendation ORDER BY tenant_id COLLATE "C", recommendation_id COLLATE "C"
    """
_BIN_LEVELS_SAY: Final = """
    SELECT tenant_id, location, bin, sku, lot, version, on_hand, held FROM bin_level
    ORDER BY tenant_id COLLATE "C", location COLLATE "C", bin COLLATE "C", sku COLLATE "C",
        lot COLLATE "C"
    """
_BINS_SAY: Final = """
    SELECT tenant_id, location, bin, version, zone FROM bin
    ORDER BY tenant_id COLLATE "C", location COLLATE "C", bin COLLATE "C"
    """
PARITIES: Final = (
    Parity("item", 2, _ITEMS_SAY, _ITEMS_SAY),
    Parity("location", 2, _LOCATIONS_SAY, _LOCATIONS_SAY),
    Parity("policy", 3, _POLICIES_SAY, _POLICIES_SAY),
    Parity("lot", 3, _LOTS_SAY, _LOTS_SAY),
    Parity("hold", 2, _HOLDS_SAY, _HOLDS_SAY),
    Parity("transfer", 2, _TRANSFERS_SAY, _TRANSFERS_SAY),
    Parity("count", 2, _COUNTS_SAY, _COUNTS_SAY),
    _COUNT_LINES,
    Parity("recipe", 2, _RECIPES_SAY, _RECIPES_SAY),
    Parity("production", 2, _PRODUCTIONS_SAY, _PRODUCTIONS_SAY),
    Parity("genealogy", 6, _LINKS_SAY, _LINKS_SAY),
    Parity("replenishment", 3, _REPLENISHMENTS_SAY, _REPLENISHMENTS_SAY),
    Parity("observation", 3, _OBSERVATIONS_SAY, _OBSERVATIONS_SAY),
    Parity("recommendation", 2, _RECOMMENDATIONS_SAY, _RECOMMENDATIONS_SAY),
    _LEVELS,
    Parity("bin", 3, _BINS_SAY, _BINS_SAY),
    Parity("bin_level", 5, _BIN_LEVELS_SAY, _BIN_LEVELS_SAY),
    _SERIALS,
    _UNITS_MOVED,
    Parity("reservation", 2, _RESERVATIONS_SAY, _RESERVATIONS_SAY),
    _MOVEMENTS,
)


class Compared(NamedTuple):
    """What a comparison found: the rows it has compared, the differing ones, the first of them."""

    name: str
    rows: int
    differing: int
    named: list[str]


def compare(ledger: Transaction, read: Transaction, parity: Parity) -> Compared:
    """Compare one table, each side inside its transaction, in memory for a few rows at a time.

    Raises:
        psycopg.Error: a server is away, or too slow.
    """
    ours, theirs = _rows(ledger, parity.ledger), _rows(read, parity.read)
    rows = differing = 0
    named: list[str] = []
    for mine, other in _paired(ours, theirs, parity.key):
        rows += 1
        if mine != other:
            differing += 1
            if len(named) < NAMED_MAX:
                named.append(_said(parity, mine, other))
    return Compared(parity.name, rows, differing, named)


_cursors = count(1)


def _rows(tx: Transaction, query: LiteralString) -> Iterator[tuple[Any, ...]]:
    with tx.cursor(f"parity_{next(_cursors)}") as cursor:
        cursor.itersize = ROWS_PER_FETCH
        yield from cursor.execute(query)


Row = tuple[Any, ...] | None


def _paired(
    ours: Iterator[tuple[Any, ...]], theirs: Iterator[tuple[Any, ...]], key: int
) -> Iterator[tuple[Row, Row]]:
    """The rows of two sorted sides, those of one key together; None for the side that lacks it."""
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine[:key] < other[:key]):
            yield mine, None
            mine = next(ours, None)
        elif mine is None or other[:key] < mine[:key]:
            yield None, other
            other = next(theirs, None)
        else:
            yield mine, other
            mine, other = next(ours, None), next(theirs, None)


def _said(parity: Parity, mine: Row, other: Row) -> str:
    named = "/".join(str(part) for part in (mine or other or ())[: parity.key])
    if mine is None:
        return f"{parity.name} {named}: only in the read tables"
    if other is None:
        return f"{parity.name} {named}: only in the ledger"
    sides = [" ".join(str(part) for part in side[parity.key :]) for side in (mine, other)]
    return f"{parity.name} {named}: the ledger says {sides[0]}, the read tables say {sides[1]}"
