"""The values: the facts that they follow from are the ledger's own, and nothing but these values follows."""

from collections import defaultdict
from collections.abc import Container, Iterator
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from ledger.connection import Transaction
from ledger.valuation import currencies
from ledger.valuation.facts import Key, Part, Source, Work
from ledger.valuation.fold import Fold, State
from ledger.valuation.intake import BY_KEY, MADE, SAID, read
from ledger.valuation.making import Share, shares
from ledger.valuation.pools import Rule
from ledger.verify.report import Finding, count, first
from schemas.base import ZERO, shown

_PLACE: Final = (
    "format('tenant %s shard %s sequence %s entry %s', tenant_id, shard, sequence, entry)"
)

_SAID: Final = f"""
SELECT {_PLACE}, CASE WHEN t.kind IS NOT NULL THEN format('%s', t) END,
    CASE WHEN c.kind IS NOT NULL THEN format('%s', c) END
FROM told_cost t FULL JOIN cost_fact c USING (tenant_id, shard, sequence, entry)
WHERE t IS DISTINCT FROM c ORDER BY tenant_id, shard, sequence, entry LIMIT 1
"""  # noqa: S608  # the columns are ours


def said(tx: Transaction) -> tuple[int, Finding | None]:
    """Every fact of costs is what its journal row tells, and none is missing."""
    return count(tx, "cost_fact"), first(tx, "cost_fact", _SAID)


_COLUMNS: Final = (
    "sku, effective_at, kind, from_account, to_account, quantity, unit_cost, amount, document, line, "
    "method"
)
_TAKEN_IN: Final = f"""
WITH ours AS (
    SELECT tenant_id, shard, sequence, entry, sku, coalesce(effective_at, moved_at) AS effective_at,
        'move' AS kind, from_account, to_account, quantity, unit_cost, NULL::numeric AS amount,
        document, entry AS line, NULL AS method
    FROM movement
    UNION ALL
    SELECT tenant_id, shard, sequence, entry, sku, effective_at, kind, from_account, location, NULL,
        unit_cost, amount, document, line, method
    FROM cost_fact
), due AS (
    SELECT o.* FROM ours o JOIN value_progress p USING (tenant_id, shard)
    WHERE o.sequence <= p.sequence
)
SELECT {_PLACE}, CASE WHEN d.sku IS NOT NULL THEN format('%s', d) END,
    CASE WHEN f.sku IS NOT NULL THEN format('%s', f) END
FROM due d FULL JOIN value_fact f USING (tenant_id, shard, sequence, entry)
WHERE ({", ".join("d." + name for name in _COLUMNS.split(", "))})
    IS DISTINCT FROM ({", ".join("f." + name for name in _COLUMNS.split(", "))})
ORDER BY tenant_id, shard, sequence, entry LIMIT 1
"""  # noqa: S608  # the columns are ours


def taken_in(tx: Transaction) -> tuple[int, Finding | None]:
    """What values follow from is what moved and what was said, as far as it was taken in."""
    return count(tx, "value_fact"), first(tx, "value_fact", _TAKEN_IN)


ROWS_PER_FETCH: Final = 5_000
_UNLESS_IT_WAITS: Final = "WHERE NOT EXISTS (SELECT FROM value_wait w WHERE (w.tenant_id, w.sku) = ({0}.tenant_id, {0}.sku))"
_FACTS: Final = f"""
{SAID} {_UNLESS_IT_WAITS.format("f")}
UNION ALL
{MADE} {_UNLESS_IT_WAITS.format("m")} GROUP BY {BY_KEY}
ORDER BY tenant_id, sku, effective_at, shard, sequence, entry, passed
"""
_ENTRIES: Final = """
SELECT from_account, to_account, sum(amount) FROM value_entry WHERE tenant_id = %s AND sku = %s
GROUP BY from_account, to_account
"""
_WORK: Final = """
SELECT document, effective_at, shard, sequence, entry, passed, came_out, quantity, amount
FROM value_work WHERE tenant_id = %s AND sku = %s
"""
Amounts = defaultdict[str, Decimal]


def follow(tx: Transaction) -> tuple[int, Finding | None]:
    """Folded anew from the first fact, the values of every item that waits for none are what its entries say.

    And where nothing of it is left, nothing is left of its value; and documents of making know of it
    what they should.
    """
    rows, decimals = 0, currencies.decimals(tx)
    with tx.cursor("value_facts") as cursor:
        cursor.itersize = ROWS_PER_FETCH
        for item, facts in groupby(cursor.execute(_FACTS.encode()), key=itemgetter(0, 1)):
            fold = Fold(State(Rule(decimals[item[0]])))
            wanted, lying, seen = _folded(fold, facts)
            rows += seen
            found = _added(tx.execute(_ENTRIES.encode(), item).fetchall())
            wrong = _wrong(wanted, found) or _left_over(lying, found)
            if wrong:
                account, expected, is_ = wrong
                where = f"tenant {item[0]} sku {item[1]} account {account}"
                return rows, Finding("value_entry", where, expected, is_)
            said = {Work(row[0], Key(*row[1:6]), *row[6:]) for row in tx.execute(_WORK, item)}
            different = sorted(said ^ set(fold.work))
            if different:
                work = different[0]
                where = f"tenant {item[0]} sku {item[1]} document {work.document}"
                expected, is_ = _either(work, fold.work)
                return rows, Finding("value_work", where, expected, is_)
    return rows, None


def _folded(fold: Fold, facts: Iterator[tuple[Any, ...]]) -> tuple[Amounts, Amounts, int]:
    """What facts leave in each account of value and, in those of ours, of stock; how many they were."""
    seen = 0
    postings: list[tuple[str, str, Decimal]] = []
    lying: Amounts = defaultdict(Decimal)
    for row in facts:
        seen += 1
        fact = read(row)
        postings += [posting[:3] for posting in fold.take(fact)]
        if fact.kind == "move":
            lying[fact.from_account] -= fact.quantity or ZERO
            lying[fact.to_account] += fact.quantity or ZERO
    return _added(postings), lying, seen


_DOCUMENTS: Final = """
SELECT tenant_id, document, sku, effective_at, shard, sequence, entry, passed, came_out, quantity,
    amount
FROM value_work ORDER BY tenant_id, document
"""
_SHARES: Final = """
SELECT sku, effective_at, shard, sequence, entry, passed, source_document, source_line, amount, cost
FROM value_made WHERE tenant_id = %s AND document = %s
"""
_UNFOUNDED: Final = """
SELECT m.tenant_id, m.document FROM value_made m WHERE NOT EXISTS
    (SELECT FROM value_work w WHERE (w.tenant_id, w.document) = (m.tenant_id, m.document))
ORDER BY m.tenant_id, m.document LIMIT 1
"""


def made(tx: Transaction) -> tuple[int, Finding | None]:
    """What came out of documents of making has all the value of what went in, each its share."""
    decimals = currencies.decimals(tx)
    with tx.cursor("value_documents") as cursor:
        cursor.itersize = ROWS_PER_FETCH
        for document, rows in groupby(cursor.execute(_DOCUMENTS), key=itemgetter(0, 1)):
            said = [(row[2], Work(row[1], Key(*row[3:8]), *row[8:])) for row in rows]
            found = {
                Share(row[0], Key(*row[1:6]), Part(Source(*row[6:8]), *row[8:]))
                for row in tx.execute(_SHARES, document)
            }
            wanted = set(shares(said, decimals[document[0]]))
            for different in sorted(wanted ^ found):
                where = f"tenant {document[0]} document {document[1]} sku {different.sku}"
                expected, is_ = _either(different, wanted)
                return 0, Finding("value_made", where, expected, is_)
    return count(tx, "value_made"), _unfounded(tx)


def _unfounded(tx: Transaction) -> Finding | None:
    row = tx.execute(_UNFOUNDED).fetchone()
    if row is None:
        return None
    where = f"tenant {row[0]} document {row[1]}"
    return Finding("value_made", where, "nothing: nothing went in or out", "a share")


def _either(each: Work | Share, wanted: Container[Work | Share]) -> tuple[str, str]:
    return (str(each), "nothing") if each in wanted else ("nothing", str(each))


def _added(postings: list[tuple[str, str, Decimal]]) -> Amounts:
    accounts: Amounts = defaultdict(Decimal)
    for from_account, to_account, amount in postings:
        accounts[from_account] -= amount
        accounts[to_account] += amount
    return accounts


def _wrong(wanted: Amounts, found: Amounts) -> tuple[str, str, str] | None:
    for account in sorted({*wanted, *found}):
        if wanted[account] != found[account]:
            return account, f"value {shown(wanted[account])}", f"value {shown(found[account])}"
    return None


def _left_over(lying: Amounts, found: Amounts) -> tuple[str, str, str] | None:
    for account, quantity in sorted(lying.items()):
        if not quantity and not account.startswith("@") and found[account]:
            return account, "value 0 of quantity 0", f"value {shown(found[account])}"
    return None
