"""What is taken out of the bins that lines name, by whichever command it leaves."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from consumers.decisions.carrying import Carrying
from consumers.decisions.registry import Ask
from consumers.decisions.shares import Shares
from ledger.bin_stock import LOOSE, BinMove
from ledger.book import Book
from ledger.documents import Reservation, Transfer
from ledger.level import LevelKey
from ledger.outcome import Rejected
from schemas.base import ZERO, shown
from schemas.commands.lines import PickedPart
from schemas.commands.transfers import ShippedLine
from schemas.problems import BIN_HOLDS_LESS, problem


class Named(NamedTuple):
    """A part of a line that may name a bin: how much of which level, and where the command says it."""

    bin: str | None
    key: LevelKey
    quantity: Decimal
    at: str


def too_little(key: LevelKey, code: str, asked: tuple[Decimal, Decimal], at: str) -> Rejected:
    """Refuse to take more out of a bin, or of what is loose, than lies there and is not held.

    `asked` is how much is wanted, and how much there is.
    """
    quantity, free = asked
    where = f"bin {code}" if code != LOOSE else f"no bin of {key.location}"
    lot = f" of lot {key.lot}" if key.lot else ""
    said = f"{at}: {shown(quantity)} of {key.sku}{lot} wanted, {shown(max(free, ZERO))} in {where}"
    members = {
        "sku": key.sku,
        "location": key.location,
        "lot": key.lot or None,
        "bin": code or None,
        "requested": shown(quantity),
        "available": shown(max(free, ZERO)),
        "pointer": at,
    }
    return Rejected(409, problem(BIN_HOLDS_LESS, said, **members))


def picks(
    named: Iterable[Named], document: str, ask: Ask, book: Book
) -> tuple[BinMove, ...] | Rejected:
    """Take out of the bins that lines name; what names none is found when all is decided."""
    carrying = Carrying(ask.tenant_id, book)
    for code, key, quantity, at in named:
        if code is None:
            continue
        free = carrying.free(key, code)
        if quantity > free:
            return too_little(key, code, (quantity, free), at)
        carrying.carry(BinMove(*key[1:], code, LOOSE, quantity, document))
    return tuple(carrying.moves)


def of_transfer(
    transfer: Transfer, lines: Sequence[ShippedLine], ask: Ask, book: Book
) -> tuple[BinMove, ...] | Rejected:
    """What leaves for another location out of the bins that the command's lines name."""
    named = (
        Named(
            lines[line.line - 1].bin,
            LevelKey(transfer.tenant_id, line.sku, transfer.from_location, line.lot),
            line.shipped,
            f"/lines/{line.line - 1}/bin",
        )
        for line in transfer.lines
    )
    return picks(named, transfer.transfer_id, ask, book)


def of_reservation(
    found: Reservation, shares: Shares, parts: Sequence[PickedPart] | None, ask: Ask, book: Book
) -> tuple[BinMove, ...] | Rejected:
    """What is shipped out of the bins that parts of a reservation name."""
    if not parts or all(part.bin is None for part in parts):
        return ()
    return picks(_lots_of(found, shares, parts), found.reservation_id, ask, book)


def _lots_of(found: Reservation, shares: Shares, parts: Sequence[PickedPart]) -> Iterator[Named]:
    """Each part with the lots that it takes: a line that is of several gives them in their order."""
    left = dict(shares)
    for at, part in enumerate(parts):
        wanted = part.quantity
        for index, line in enumerate(found.lines):
            of_it = part.is_of(line.line, line.lot)
            take = min(left.get(index, ZERO), wanted) if of_it else ZERO
            if take:
                left[index] -= take
                wanted -= take
                key = LevelKey(found.tenant_id, line.sku, line.location, line.lot)
                yield Named(part.bin, key, take, f"/lines/{at}/bin")
