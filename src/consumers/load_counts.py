"""What counts need beside the stock itself: their lines, and what has moved since they were counted."""

from collections.abc import Iterator

from consumers.decisions.registry import Needs
from ledger import balances, counts, lots, movements
from ledger.book import Book, Moment
from ledger.connection import Transaction
from ledger.level import NO_LOT


def load_counts(tx: Transaction, needs: Needs, book: Book) -> None:
    """Lock counts and load the lines that are needed; note the places of those to be posted."""
    if not needs.counts:
        return
    book.counts = counts.lock(tx, needs.counts)
    items = {(tenant_id, count_id, sku) for tenant_id, count_id, sku, *_ in needs.counted}
    book.count_lines = counts.lines(tx, needs.whole_counts) | counts.lines_of(tx, items)
    for tenant_id, sku, location, lot, _ in _moments(needs, book):
        needs.level(tenant_id, sku, location, lot)


def load_counted(tx: Transaction, needs: Needs, book: Book) -> None:
    """What has moved since the lines to be posted were counted. Their levels are locked."""
    moments = set(_moments(needs, book))
    if not moments:
        return
    book.since = movements.since(tx, moments)
    found = {
        (tenant_id, sku, lot)
        for tenant_id, sku, location, lot, _ in moments
        if lot != NO_LOT and lot not in book.levels(tenant_id, sku, location)
    }
    book.lots |= lots.load(tx, found - book.lots.keys(), lock=False)
    book.stocked = balances.stocked(tx, found - book.lots.keys())


def _moments(needs: Needs, book: Book) -> Iterator[Moment]:
    """Where and when the lines were counted that are to be posted, those of this batch too."""
    for tenant_id, count_id, sku, lot, counted_at in needs.counted:
        if (tenant_id, count_id) in needs.posted_counts & book.counts.keys():
            yield tenant_id, sku, book.counts[tenant_id, count_id].location, lot, counted_at
    for line in book.count_lines.values():
        at = (line.tenant_id, line.count_id)
        if at in needs.posted_counts and line.counted_at and line.expected is None:
            yield line.tenant_id, line.sku, book.counts[at].location, line.lot, line.counted_at
