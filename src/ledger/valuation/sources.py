"""Tables value_source and value_application: what each source brought, and where its units went."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped, optional
from ledger.valuation.facts import (
    CUSTOMER,
    Application,
    Fact,
    Source,
    is_shipped,
    place_of,
)
from ledger.valuation.fold import Fold, State
from ledger.valuation.intake import ItemKey
from schemas.base import shown

_ASKED: Final = """
FROM unnest(%s::text[], %s::text[], %s::text[], %s::smallint[]) AS a(tenant_id, sku, document, line)
"""
_SOURCES: Final = f"""
SELECT s.tenant_id, s.sku, s.document, s.line, trim_scale(s.quantity), trim_scale(s.value)
{_ASKED} JOIN value_source s USING (tenant_id, sku, document, line)
"""  # the columns are ours
_APPLICATIONS: Final = f"""
SELECT p.tenant_id, p.sku, p.document, p.line, trim_scale(p.quantity), p.place, p.value,
    p.via_document, p.via_line
{_ASKED} JOIN value_application p USING (tenant_id, sku, document, line)
ORDER BY p.effective_at, p.shard, p.sequence, p.entry, p.passed, p.part
"""  # the columns are ours
_SHIPPED: Final = """
SELECT p.tenant_id, p.sku, p.document, p.line, trim_scale(p.quantity), p.place, p.value
FROM unnest(%s::text[], %s::text[], %s::text[]) AS a(tenant_id, sku, place)
JOIN value_application p USING (tenant_id, sku, place)
WHERE p.place LIKE '@customer/%%'
ORDER BY p.effective_at, p.shard, p.sequence, p.entry, p.passed, p.part
"""  # that index knows no other places

Wanted = set[tuple[ItemKey, Source]]


def asked_for(states: Mapping[ItemKey, State], facts: Mapping[ItemKey, list[Fact]]) -> Wanted:
    """The sources that facts will ask for: those they are about, and those whose units are owed."""
    about = {
        (item, source) for item, each in facts.items() for fact in each for source in fact.about
    }
    owed = {
        (item, layer.source)
        for item, state in states.items()
        for pool in state.pools.values()
        for layer in pool.owed
    }
    return about | owed


def load(tx: Transaction, folds: Mapping[ItemKey, Fold], wanted: Wanted) -> None:
    """Tell the folds of the sources, and of those in whose place their units went."""
    known: Wanted = set()
    while wanted:
        known |= wanted
        for tenant_id, sku, document, line, quantity, value in tx.execute(
            _SOURCES.encode(), _columns(wanted)
        ):
            folds[tenant_id, sku].units.sources[Source(document, line)] = (quantity, value)
        via: Wanted = set()
        for tenant_id, sku, document, line, quantity, place, value, *further in tx.execute(
            _APPLICATIONS.encode(), _columns(wanted)
        ):
            instead = Source(*further) if further[0] is not None else None
            applied = folds[tenant_id, sku].units.applied[Source(document, line)]
            applied.append(Application(quantity, place, instead, value))
            if instead is not None:
                via.add(((tenant_id, sku), instead))
        wanted = via - known


def load_shipped(
    tx: Transaction, folds: Mapping[ItemKey, Fold], facts: Mapping[ItemKey, list[Fact]]
) -> None:
    """Tell the folds what was shipped before of what comes back now."""
    asked = {
        (*item, place)
        for item, each in facts.items()
        for fact in each
        if fact.from_account == CUSTOMER and is_shipped(place := place_of(CUSTOMER, fact.document))
    }
    if asked:
        columns = [texts(column) for column in zip(*sorted(asked), strict=True)]
        for tenant_id, sku, document, line, quantity, place, value in tx.execute(
            _SHIPPED.encode(), columns
        ):
            shipped = folds[tenant_id, sku].units.shipped[place]
            shipped.append((Source(document, line), Application(quantity, place, None, value)))


def _columns(wanted: Wanted) -> list[str]:
    each = sorted(wanted)
    return [
        texts(tenant_id for (tenant_id, _), _ in each),
        texts(sku for (_, sku), _ in each),
        texts(source.document for _, source in each),
        numbers(source.line for _, source in each),
    ]


_COPY_SOURCES: Final = """
COPY value_source (tenant_id, sku, document, line, quantity, value, effective_at, shard, sequence,
    entry) FROM STDIN
"""
_COPY_APPLICATIONS: Final = """
COPY value_application (tenant_id, sku, document, line, effective_at, shard, sequence, entry, passed,
    part, quantity, place, via_document, via_line, value) FROM STDIN
"""


def save(tx: Transaction, folds: Collection[tuple[ItemKey, Fold]]) -> None:
    """Add what facts brought, and what they took out of stock."""
    copy_rows(tx, _COPY_SOURCES, (row for item, fold in folds for row in _came(item, fold)))
    copy_rows(tx, _COPY_APPLICATIONS, (row for item, fold in folds for row in _left(item, fold)))


def _came(item: ItemKey, fold: Fold) -> Iterable[str]:
    for source, key in fold.units.came:
        quantity, value = fold.units.sources[source]
        named = (*item, source.document)
        numbers_ = (source.line, shown(quantity), shown(value), *key[:4])
        yield "\t".join((*map(escaped, named), *map(str, numbers_)))


def _left(item: ItemKey, fold: Fold) -> Iterable[str]:
    parts: defaultdict[object, int] = defaultdict(int)
    for source, key, (quantity, place, via, value) in fold.units.left:
        parts[source, key] += 1
        via_document, via_line = via or (None, None)
        yield "\t".join(
            (
                *map(escaped, (*item, source.document)),
                *map(str, (source.line, *key, parts[source, key], shown(quantity))),
                escaped(place),
                optional(via_document),
                optional(None if via_line is None else str(via_line)),
                shown(value),
            )
        )
