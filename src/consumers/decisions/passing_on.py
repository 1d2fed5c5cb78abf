"""A recall that goes on to what is made of a recalled lot after it was told."""

from collections.abc import Iterable

from consumers.decisions.labels import Lots
from consumers.decisions.lots import undescribed
from consumers.decisions.registry import Ask
from ledger.book import Book
from ledger.level import NO_LOT
from ledger.making import Production


def pass_on(order: Production, made: Iterable[str], ask: Ask, book: Book, lots: Lots) -> None:
    """Recall the lots made, if anything that went in is recalled: a recall had looked before."""
    recalled = next(
        (
            each
            for each in order.inputs
            if each.used
            and (lot := book.lots.get((ask.tenant_id, each.sku, each.lot)))
            and lot.status == "recalled"
        ),
        None,
    )
    if recalled is None:
        return
    why = f"made of lot {recalled.lot} of {recalled.sku}, which is recalled"
    for code in made:
        key = (ask.tenant_id, order.sku, code)
        stands = book.lots.get(key)
        if code != NO_LOT and not (stands and stands.status == "recalled"):
            lot = lots.get(key) or stands or undescribed(*key)
            version = stands.version + 1 if stands else 1
            lots[key] = lot._replace(status="recalled", reason=why, version=version)
