"""Promises of any lot that may have to give way to those of the batch that name one."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from consumers.decisions.registry import Needs
from consumers.parse import Asked
from ledger import reservations
from ledger.book import Book
from ledger.connection import Transaction
from schemas.commands.reservations import CreateReservation


def load_bound(tx: Transaction, asked: Collection[Asked], needs: Needs, book: Book) -> None:
    """Promises of any lot that have one that is wanted by name, where it may not do for all.

    They are locked out of their order, behind the balances: so those that another batch has in
    hand are passed over, and nobody waits for anybody.
    """
    wanted = _wanted(asked, {(tenant_id, sku) for tenant_id, sku, _, _ in needs.lots_wanted})
    short = []
    for tenant_id, sku, location, lot in needs.lots_wanted:
        level = book.levels(tenant_id, sku, location).get(lot)
        if level and wanted[tenant_id, sku] > level.available:
            short.append((tenant_id, sku, location, lot))
    found = reservations.lock_bound(tx, short)
    for each in found:
        if each.key not in book.reservations:
            book.reservations[each.key] = each
            book.stored.add(each.key)
    for known in book.reservations.values():
        if known.choices:
            book.note_bound(known)


def _wanted(
    asked: Collection[Asked], items: Collection[tuple[str, str]]
) -> defaultdict[tuple[str, str], Decimal]:
    """How much of items the batch would promise at most; a quantity in another unit is any."""
    wanted: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for each in asked:
        if isinstance(each.command, CreateReservation):
            for line in each.command.lines:
                key = each.envelope.tenant_id, line.sku
                if key in items:
                    wanted[key] += line.quantity if line.unit is None else Decimal("Infinity")
    return wanted
