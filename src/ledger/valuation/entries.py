"""Table value_entry: amounts that left one account of value for another. Append only."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped
from ledger.valuation.facts import Key, Posting
from ledger.valuation.intake import BETWEEN, ItemKey, keyed
from schemas.base import ZERO, shown


class Place(NamedTuple):
    """What an amount is known by: the item, the fact that it follows from, between which accounts."""

    item: ItemKey
    key: Key
    from_account: str
    to_account: str
    why: str


Amounts = dict[Place, Decimal]

_TOLD: Final = f"""
SELECT e.tenant_id, e.sku, e.effective_at, e.shard, e.sequence, e.entry, e.passed, e.from_account,
    e.to_account, e.why, trim_scale(sum(e.amount)), max(e.revision)
FROM {BETWEEN.format(table="value_entry")}
GROUP BY e.tenant_id, e.sku, e.effective_at, e.shard, e.sequence, e.entry, e.passed,
    e.from_account, e.to_account, e.why
"""  # noqa: S608  # the columns are ours


def told(
    tx: Transaction, behind: Mapping[ItemKey, Key], until: Mapping[ItemKey, Key]
) -> dict[Place, tuple[Decimal, int]]:
    """What entries say so far of each item's facts in between: the amount, and the last revision."""
    rows = tx.execute(_TOLD.encode(), [*keyed(behind), *keyed(until)])
    return {Place((row[0], row[1]), Key(*row[2:7]), *row[7:10]): (row[10], row[11]) for row in rows}


def amounts(item: ItemKey, key: Key, postings: Iterable[Posting]) -> Amounts:
    """What a fact comes to, between each two accounts."""
    found: defaultdict[Place, Decimal] = defaultdict(Decimal)
    for from_account, to_account, amount, why in postings:
        found[Place(item, key, from_account, to_account, why)] += amount
    return {place: amount for place, amount in found.items() if amount}


_COPY: Final = """
COPY value_entry (tenant_id, sku, effective_at, shard, sequence, entry, passed, from_account,
    to_account, why, revision, amount, booked_on) FROM STDIN
"""


def save(
    tx: Transaction,
    wanted: Amounts,
    before: Mapping[Place, tuple[Decimal, int]],
    closed: Mapping[str, date],
) -> int:
    """Add what is not told yet, or was told otherwise; how many entries that were.

    What falls into a closed period is booked on the first day that is open: what was reported of
    the period stays what it was.
    """
    rows: list[str] = []
    for place in (*wanted, *(before.keys() - wanted.keys())):
        stood, revision = before.get(place, (ZERO, -1))
        difference = wanted.get(place, ZERO) - stood
        if difference:
            rows.append(_row(place, revision + 1, difference, closed.get(place.item[0])))
    copy_rows(tx, _COPY, rows)
    return len(rows)


def _row(place: Place, revision: int, amount: Decimal, closed: date | None) -> str:
    day = place.key.effective_at.astimezone(UTC).date()
    if closed is not None and day <= closed:
        day = closed + timedelta(days=1)
    said = (place.from_account, place.to_account, place.why)
    return "\t".join(
        (
            *map(escaped, place.item),
            *map(str, place.key),
            *map(escaped, said),
            *map(str, (revision, shown(amount), day)),
        )
    )


_CLOSED: Final = "SELECT tenant_id, closed_until FROM period WHERE closed_until IS NOT NULL"


def closed(tx: Transaction) -> dict[str, date]:
    """Until which day the books of each tenant are closed, where they are."""
    return dict(tx.execute(_CLOSED.encode()).fetchall())
