"""Table movement: every quantity that ever left one account for another. Append only."""

from collections.abc import Collection, Iterable
from typing import Final

from ledger.arrays import texts
from ledger.book import Moment, Since
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped
from ledger.outcome import Movement

_COPY: Final = """
COPY movement (tenant_id, shard, sequence, entry, sku, lot, serial, from_account, to_account,
    quantity, unit_cost, reason, document, actor_id, moved_at, effective_at) FROM STDIN
"""


def row(place: tuple[str, int, int], entry: int, movement: Movement, actor_id: str, at: str) -> str:
    """One row as COPY takes it; `place` is the (tenant, shard, sequence) of its journal row."""
    tenant_id, shard, sequence = place
    sku, lot, _, source, destination, quantity, unit_cost, reason, document, since = movement
    return "\t".join(
        (
            f"{tenant_id}\t{shard}\t{sequence}\t{entry}",
            escaped(sku),
            escaped(lot),
            "",
            escaped(source),
            escaped(destination),
            str(quantity),
            "\\N" if unit_cost is None else str(unit_cost),
            escaped(reason),
            escaped(document),
            escaped(actor_id),
            at,
            since or "\\N",
        )
    )


def append(tx: Transaction, rows: Iterable[str]) -> None:
    """Add movements."""
    copy_rows(tx, _COPY, rows)


# The only index that the newest movements are found by is one of ranges (BRIN), since any other
# would cost every writer; it is read by bitmaps, which batches otherwise do without.
_WITH_BITMAPS: Final = "SET LOCAL enable_bitmapscan = on; SET LOCAL enable_hashjoin = on"
_WITHOUT: Final = "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off"
_SINCE: Final = """
SELECT a.tenant_id, a.sku, a.location, a.lot, a.moment,
    trim_scale(coalesce(sum(CASE WHEN m.to_account = a.location THEN m.quantity ELSE -m.quantity END)
        FILTER (WHERE coalesce(m.effective_at, m.moved_at) > a.moment), 0)),
    bool_or('@loss' IN (m.from_account, m.to_account))
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS a(tenant_id, sku, location, lot, moment)
JOIN movement m ON (m.tenant_id, m.sku, m.lot) = (a.tenant_id, a.sku, a.lot)
    AND a.location IN (m.from_account, m.to_account) AND m.moved_at > a.moment
WHERE m.moved_at > %s
GROUP BY a.tenant_id, a.sku, a.location, a.lot, a.moment
"""


def since(tx: Transaction, moments: Collection[Moment]) -> dict[Moment, Since]:
    """What has moved at levels since moments, where anything has; its levels must be locked.

    What was told since and took effect before is no part of the net: by then it had moved.

    Costs what has moved anywhere since the earliest of the moments.
    """
    if not moments:
        return {}
    keys = [(*moment[:4], moment[4].isoformat()) for moment in moments]
    columns = [texts(column) for column in zip(*keys, strict=True)]
    earliest = min(moment[4] for moment in moments)
    tx.execute(_WITH_BITMAPS.encode())
    rows = tx.execute(_SINCE, [*columns, earliest], prepare=False).fetchall()
    tx.execute(_WITHOUT.encode())
    return {(row[0], row[1], row[2], row[3], row[4]): Since(row[5], row[6]) for row in rows}
