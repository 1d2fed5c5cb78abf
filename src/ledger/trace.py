"""What was made of a lot, or what it was made of, over however many makings; and where all that went.

The same questions are asked of the ledger when a lot is recalled, and of the read tables.
"""

from collections.abc import Collection
from typing import Any, Final

from ledger import keyed
from ledger.connection import Transaction
from ledger.tracing import LotKey, Passage, Reached, Trace

DEPTH_MAX: Final = 32
REACHED_MAX: Final = 20_000

FORWARD: Final = ("parent", "child")
BACK: Final = ("child", "parent")

# UNION keeps each (lot, depth) once, so a circle ends at the last depth and a diamond stays small.
# Stock without a lot is reached and not gone on from: nobody can tell what of it went where.
_REACHED: Final = """
WITH RECURSIVE reached (tenant_id, of_sku, of_lot, sku, lot, depth) AS (
    SELECT tenant_id, sku, lot, sku, lot, 0
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, lot)
    UNION
    SELECT r.tenant_id, r.of_sku, r.of_lot, g.{to}_sku, g.{to}_lot, r.depth + 1
    FROM reached r JOIN {genealogy} g ON g.tenant_id = r.tenant_id
        AND g.{of}_sku = r.sku AND g.{of}_lot = r.lot
    WHERE r.lot <> '' AND r.depth < {depth}
)
SELECT r.tenant_id, r.of_sku, r.of_lot, r.sku, r.lot, min(r.depth)::int,
    coalesce(l.status = 'recalled', false)
FROM reached r LEFT JOIN {lots} l
    ON (l.tenant_id, l.sku, l.lot) = (r.tenant_id, r.sku, r.lot)
GROUP BY r.tenant_id, r.of_sku, r.of_lot, r.sku, r.lot, l.status
ORDER BY r.tenant_id, r.of_sku, r.of_lot, min(r.depth), r.sku, r.lot
LIMIT {limit}
"""


def reached_statement(schema: str, way: tuple[str, str]) -> str:
    """The statement that finds all lots from others, one way, in the tables of a schema."""
    of, to = way
    return _REACHED.format(
        genealogy=f"{schema}genealogy",
        lots=f"{schema}lot",
        of=of,
        to=to,
        depth=DEPTH_MAX,
        limit=REACHED_MAX + 1,
    )


_FORWARD: Final = reached_statement("", FORWARD)


def traces(rows: Collection[tuple[Any, ...]]) -> dict[LotKey, Trace]:
    """What the statement found, by the lot that was asked for."""
    by_lot: dict[LotKey, list[Reached]] = {}
    for tenant_id, of_sku, of_lot, *reached in rows:
        by_lot.setdefault((tenant_id, of_sku, of_lot), []).append(Reached(*reached))
    whole = len(rows) <= REACHED_MAX
    return {
        key: Trace(tuple(lots), whole and lots[-1].depth < DEPTH_MAX)
        for key, lots in by_lot.items()
    }


def forward(tx: Transaction, asked: Collection[LotKey]) -> dict[LotKey, Trace]:
    """All that was made of each lot."""
    return traces(list(keyed.rows(tx, _FORWARD, asked)))


_PASSAGES: Final = """
SELECT m.tenant_id, m.sku, m.lot, m.from_account, m.to_account, m.document, m.reason,
    trim_scale(sum(m.quantity)), r.order_id, coalesce(p.status = 'open', false)
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, lot)
JOIN {movements} m USING (tenant_id, sku, lot)
LEFT JOIN {schema}reservation r
    ON (r.tenant_id, r.reservation_id) = (m.tenant_id, m.document)
LEFT JOIN {schema}production p ON (p.tenant_id, p.production_id) = (m.tenant_id, m.document)
WHERE m.lot <> '' AND (m.from_account LIKE '@%%' OR m.to_account LIKE '@%%')
GROUP BY 1, 2, 3, 4, 5, 6, 7, r.order_id, p.status
ORDER BY 1, 2, 3, min(m.moved_at), m.document, m.from_account, m.to_account, m.reason
"""


def passages_statement(schema: str, movements: str) -> str:
    """The statement that finds where lots came from and went, in the tables of a schema."""
    return _PASSAGES.format(schema=schema, movements=schema + movements)


_MOVED: Final = passages_statement("", "movement")


def passages(tx: Transaction, asked: Collection[LotKey]) -> dict[LotKey, list[Passage]]:
    """Where the lots came from and went, beyond our own locations."""
    found: dict[LotKey, list[Passage]] = {}
    for tenant_id, *passage in keyed.rows(tx, _MOVED, asked):
        moved = Passage(*passage)
        found.setdefault((tenant_id, moved.sku, moved.lot), []).append(moved)
    return found
