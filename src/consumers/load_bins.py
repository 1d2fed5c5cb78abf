"""What bins need beside the stock itself: how they are described, and what lies in them."""

from collections.abc import Collection

from consumers.decisions.registry import Needs
from ledger import bins, items
from ledger.book import Book
from ledger.connection import Transaction
from ledger.level import Level


def note_put_away(needs: Needs, book: Book) -> None:
    """Of receipts that are put away: which items those are, and where they lie."""
    for tenant_id, receipt_id, location in needs.put_away:
        receipt = book.receipts.get((tenant_id, receipt_id))
        if receipt is None:  # perhaps posted in this very batch
            skus = {sku for of, sku, at in needs.everywhere() if (of, at) == (tenant_id, location)}
        else:
            skus = {line.sku for line in receipt.lines}
        needs.items.update((tenant_id, sku) for sku in skus)
        needs.shelved.update((tenant_id, sku, location) for sku in skus)
    needs.places |= needs.shelved


def load_bins(tx: Transaction, needs: Needs, book: Book) -> None:
    """Lock the locations where something is put into bins, and load the bins that may be meant."""
    sites = needs.bins_at | {key[:2] for key in needs.bins}
    if sites:
        bins.lock_sites(tx, sites)
        book.bins = bins.named(tx, needs.bins) | bins.at(tx, needs.bins_at)


def load_shelves(tx: Transaction, needs: Needs, book: Book, levels: Collection[Level]) -> None:
    """What lies in bins: of levels that have something there, and where something is put.

    The balances are locked. Beside it: how the items are packed, since whole packs leave first.
    """
    binned = {level.key[:3] for level in levels if level.binned}
    if binned or needs.shelved:
        book.shelves.enter(bins.levels(tx, binned - needs.shelved, empty=False))
        book.shelves.enter(bins.levels(tx, needs.shelved, empty=True))
        skus = {place[:2] for place in binned}
        book.items |= items.load(tx, skus - book.items.keys(), lock=False)
    if needs.bins or book.bins:
        book.shelves.filled = bins.filled(tx, needs.bins | book.bins.keys())
