"""Tables value_work and value_made: what items say of documents of making, and what came out is worth by it."""

from collections.abc import Collection, Mapping
from typing import Final

from ledger.arrays import texts
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped
from ledger.valuation import currencies
from ledger.valuation.facts import Key, Part, Source, Work
from ledger.valuation.fold import Fold
from ledger.valuation.intake import BETWEEN, ItemKey, keyed
from ledger.valuation.making import Share, shares
from schemas.base import shown

DocumentKey = tuple[str, str]
"""Tenant and document."""

_FORGET: Final = f"""
DELETE FROM value_work w USING {BETWEEN.format(table="value_work")}
WHERE (w.tenant_id, w.sku, w.effective_at, w.shard, w.sequence, w.entry, w.passed)
    = (e.tenant_id, e.sku, e.effective_at, e.shard, e.sequence, e.entry, e.passed)
    AND w.document = e.document AND w.came_out = e.came_out
RETURNING w.tenant_id, w.sku, w.document, w.effective_at, w.shard, w.sequence, w.entry, w.passed,
    w.came_out, w.quantity, w.amount
"""  # noqa: S608  # the columns are ours
_COPY: Final = """
COPY value_work (tenant_id, sku, effective_at, shard, sequence, entry, passed, document, came_out,
    quantity, amount) FROM STDIN
"""


def save(
    tx: Transaction,
    folds: Mapping[ItemKey, Fold],
    behind: Mapping[ItemKey, Key],
    until: Mapping[ItemKey, Key],
) -> set[DocumentKey]:
    """Store what items say of documents by facts in between; the documents of which that is new."""
    said = {(item, work) for item, fold in folds.items() for work in fold.work}
    before = {
        ((row[0], row[1]), Work(row[2], Key(*row[3:8]), *row[8:]))
        for row in tx.execute(_FORGET.encode(), [*keyed(behind), *keyed(until)])
    }
    copy_rows(tx, _COPY, (_row(item, work) for item, work in said))
    return {(item[0], work.document) for item, work in said ^ before}


def _row(item: ItemKey, work: Work) -> str:
    document, key, came_out, quantity, amount = work
    said = (*key, escaped(document), came_out, shown(quantity), shown(amount))
    return "\t".join((*map(escaped, item), *map(str, said)))


# Of the processes that value items of one document each waits for the other, so that the last one
# sees what all of them say. One late price may be of tens of thousands of documents, so they share locks.
_LOCK: Final = """
SELECT pg_advisory_xact_lock(7150204, number) FROM (
    SELECT DISTINCT hashtext(tenant_id || ' ' || document) & 63 AS number
    FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, document) ORDER BY number OFFSET 0
) AS each
"""
_SAID: Final = """
SELECT tenant_id, w.sku, document, w.effective_at, w.shard, w.sequence, w.entry, w.passed,
    w.came_out, w.quantity, w.amount
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, document)
JOIN value_work w USING (tenant_id, document)
"""
_SHARED: Final = """
SELECT tenant_id, document, m.sku, m.effective_at, m.shard, m.sequence, m.entry, m.passed,
    m.source_document, m.source_line, m.amount, m.cost
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, document)
JOIN value_made m USING (tenant_id, document)
"""
_UNMAKE: Final = """
DELETE FROM value_made m USING unnest(%s::text[], %s::text[], %s::timestamptz[], %s::smallint[],
    %s::bigint[], %s::smallint[], %s::smallint[], %s::text[], %s::smallint[])
    AS gone(tenant_id, sku, at, shard, sequence, entry, passed, document, line)
WHERE (m.tenant_id, m.sku, m.effective_at, m.shard, m.sequence, m.entry, m.passed)
    = (gone.tenant_id, gone.sku, gone.at, gone.shard, gone.sequence, gone.entry, gone.passed)
    AND m.source_document = gone.document AND m.source_line = gone.line
"""
_MAKE: Final = """
COPY value_made (tenant_id, document, sku, effective_at, shard, sequence, entry, passed,
    source_document, source_line, amount, cost) FROM STDIN
"""


def share(tx: Transaction, documents: Collection[DocumentKey]) -> dict[ItemKey, Key]:
    """Share anew what went into documents; from where on the values of which items change by it."""
    if not documents:
        return {}
    asked = [texts(column) for column in zip(*sorted(documents), strict=True)]
    tx.execute(_LOCK.encode(), asked)
    works: dict[DocumentKey, list[tuple[str, Work]]] = {each: [] for each in documents}
    for tenant_id, sku, document, *rest in tx.execute(_SAID.encode(), asked):
        works[tenant_id, document].append((sku, Work(document, Key(*rest[:5]), *rest[5:])))
    decimals = currencies.decimals(tx)
    wanted = {
        (document, each)
        for document, said in works.items()
        for each in shares(said, decimals[document[0]])
    }
    before = {
        ((row[0], row[1]), Share(row[2], Key(*row[3:8]), Part(Source(*row[8:10]), *row[10:])))
        for row in tx.execute(_SHARED.encode(), asked)
    }
    if before - wanted:
        gone = [
            (document[0], each.sku, *each.key, *each.part.source)
            for document, each in before - wanted
        ]
        tx.execute(_UNMAKE.encode(), [list(column) for column in zip(*gone, strict=True)])
    copy_rows(tx, _MAKE, (_made(*each) for each in wanted - before))
    changed: dict[ItemKey, Key] = {}
    for (tenant_id, _), each in wanted ^ before:
        item = tenant_id, each.sku
        changed[item] = min(changed.get(item, each.key), each.key)
    return changed


def _made(document: DocumentKey, made: Share) -> str:
    source, amount, cost = made.part
    named = (*document, made.sku)
    said = (*made.key, escaped(source.document), source.line, shown(amount), shown(cost))
    return "\t".join((*map(escaped, named), *map(str, said)))
