"""What a recall means: a lot and all that was made of it is used no more, and is found."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from consumers.decisions.known import lot_rule, unknown_item
from consumers.decisions.labels import lot_events
from consumers.decisions.lots import lot_body, undescribed
from consumers.decisions.registry import Ask, Needs, decides
from ledger.book import Book
from ledger.documents import Lot
from ledger.outcome import (
    CUSTOMER,
    LOSS,
    PRODUCTION,
    SCRAP,
    TRANSIT,
    Applied,
    Event,
    Outcome,
    Rejected,
)
from ledger.tracing import RECALLED_MAX, LotKey, Passage, Reached, Trace
from schemas.base import ZERO, shown
from schemas.commands.recalls import RecallLot
from schemas.problems import UNKNOWN_LOT, problem

FOUND_MAX: Final = 1_000
FOUND_BYTES_MAX: Final = 1_000_000
"""A message is at most 2 MB: beyond this the places are counted and not listed."""
PLACES: Final = ("on_hand", "in_transit", "in_process", "shipped", "returned", "written_off")


class Found(NamedTuple):
    """So much of a lot in one place, or gone by one document."""

    sku: str
    lot: str
    where: str
    quantity: Decimal
    location: str | None = None
    reserved: Decimal | None = None
    held: Decimal | None = None
    document: str | None = None
    order_id: str | None = None
    reason: str | None = None

    def shown(self) -> dict[str, Any]:
        """As results and events show it."""
        said = self._asdict()
        return {
            name: shown(value) if isinstance(value, Decimal) else value
            for name, value in said.items()
        }


def _lot(command: RecallLot, tenant_id: str, needs: Needs) -> None:
    needs.items.add((tenant_id, command.sku))
    needs.lots.add((tenant_id, command.sku, command.lot))
    needs.recalls.add((tenant_id, command.sku, command.lot))


@decides(RecallLot, needs=_lot)
def recall_lot(command: RecallLot, ask: Ask, book: Book) -> Outcome:
    """Recall a lot and what was made of it. Its stock stays where it is; none of it is available."""
    refused = unknown_item(book, ask.tenant_id, command.sku, "") or lot_rule(
        book, ask.tenant_id, command.sku, command.lot
    )
    if refused:
        return refused
    root = (ask.tenant_id, command.sku, command.lot)
    trace = book.traces.get(root) or Trace((Reached(command.sku, command.lot, 0),))
    lots = trace.taken_up
    found = [each for lot in lots for each in _found(lot, ask, book)]
    if root not in book.lots and not found and len(lots) == 1:
        said = f"/lot: {command.sku} has no lot {command.lot}"
        return Rejected(404, problem(UNKNOWN_LOT, said, sku=command.sku, pointer="/lot"))
    recalled = tuple(_recalled(lots, command, ask, book))
    named = f"rec-{ask.new_id}"
    body = {
        "recall_id": named,
        "sku": command.sku,
        "lot": command.lot,
        "reason": command.reason,
        "complete": trace.complete and not trace.left_over,
        "reached": [_shown(each) for each in (*lots, *_unlotted(trace))],
        "totals": _totals(lots, found),
        "found": _listed(found),
        "found_in_all": len(found),
        "lots": [lot_body(lot) for lot in recalled],
        "created_at": book.at,
    }
    events = (Event("lot.recalled", f"recall/{named}", 1), *lot_events(recalled, book))
    return Applied(200, ("recall", named), body, events, recalled)


def _unlotted(trace: Trace) -> list[Reached]:
    """Items without lots that something of it went into: nobody can tell into which of them."""
    return [each for each in trace.lots if not each.lot][:RECALLED_MAX]


def _shown(reached: Reached) -> dict[str, Any]:
    return {"sku": reached.sku, "lot": reached.lot or None, "depth": reached.depth}


def _recalled(lots: Iterable[Reached], command: RecallLot, ask: Ask, book: Book) -> Iterator[Lot]:
    """Those that were not recalled before, as they are now."""
    for sku, code, depth, _ in lots:
        key = (ask.tenant_id, sku, code)
        lot = book.lots.get(key) or undescribed(*key)
        if lot.status != "recalled":
            of = f"made of lot {command.lot} of {command.sku}, which is recalled"
            why = of if depth else command.reason
            yield lot._replace(status="recalled", reason=why, version=lot.version + 1)


def _found(lot: Reached, ask: Ask, book: Book) -> Iterator[Found]:
    """All places and documents that some of a lot is at, or went by."""
    key: LotKey = (ask.tenant_id, lot.sku, lot.lot)
    for place, levels in sorted(book.places.items()):
        level = levels.get(lot.lot)
        if place[:2] == key[:2] and level and level.on_hand:
            yield Found(
                lot.sku, lot.lot, "on_hand", level.on_hand, place[2], level.reserved, level.held
            )
    passages = book.passages.get(key, ())
    for where, account in (("in_transit", TRANSIT), ("in_process", PRODUCTION)):
        for document, quantity in _staying(passages, account).items():
            yield Found(lot.sku, lot.lot, where, quantity, document=document)
    for each in passages:
        went = _gone(each)
        if went:
            yield Found(
                lot.sku,
                lot.lot,
                went,
                each.quantity,
                document=each.document,
                order_id=each.order_id,
                reason=each.reason[:256],
            )


def _gone(passage: Passage) -> str | None:
    """What became of stock that left for good, or came back."""
    if passage.to_account == CUSTOMER:
        return "shipped"
    if passage.from_account == CUSTOMER:
        return "returned"
    return "written_off" if passage.to_account in (SCRAP, LOSS) else None


def _staying(passages: Iterable[Passage], account: str) -> dict[str, Decimal]:
    """By document, what went into an account and has not left it; of orders only open ones."""
    left: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in passages:
        if account == PRODUCTION and not each.open_order:
            continue
        if each.to_account == account:
            left[each.document] += each.quantity
        elif each.from_account == account:
            left[each.document] -= each.quantity
    return {document: quantity for document, quantity in left.items() if quantity > ZERO}


def _totals(lots: Iterable[Reached], found: Iterable[Found]) -> list[dict[str, str]]:
    sums: dict[tuple[str, str], dict[str, Decimal]] = {
        (lot.sku, lot.lot): dict.fromkeys(PLACES, ZERO) for lot in lots
    }
    for each in found:
        sums[each.sku, each.lot][each.where] += each.quantity
    return [
        {"sku": sku, "lot": lot, **{where: shown(total) for where, total in totals.items()}}
        for (sku, lot), totals in sums.items()
    ]


def _listed(found: Iterable[Found]) -> list[dict[str, Any]]:
    """As much of what was found as a message takes."""
    listed: list[dict[str, Any]] = []
    size = 0
    for each in found:
        told = each.shown()
        size += sum(len(str(value).encode()) + len(name) + 8 for name, value in told.items())
        if len(listed) == FOUND_MAX or size > FOUND_BYTES_MAX:
            break
        listed.append(told)
    return listed
