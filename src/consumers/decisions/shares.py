"""What a command takes out of a reservation: how much of which lines, and what is left then."""

from collections.abc import Sequence
from decimal import Decimal

from ledger.book import Commitment, Rejected
from ledger.documents import Reservation
from schemas.base import ZERO, shown
from schemas.commands.reservations import PartOfLine
from schemas.problems import RESERVATION_HOLDS_LESS, problem

Shares = list[tuple[int, Decimal]]
"""Parts of a reservation: the index into its lines, and how much of that line."""


def shares_of(found: Reservation, parts: Sequence[PartOfLine] | None) -> Shares | Rejected:
    """What a command takes from each line: all that is left, or the parts that it names.

    A line that was granted from several lots gives from them in their order.
    """
    if parts is None:
        return [(index, line.left) for index, line in enumerate(found.lines) if line.left]
    left = [line.left for line in found.lines]
    shares: dict[int, Decimal] = {}
    for at, part in enumerate(parts):
        wanted = part.quantity
        for index, line in enumerate(found.lines):
            if line.line == part.line and wanted and left[index]:
                take = min(left[index], wanted)
                left[index] -= take
                wanted -= take
                shares[index] = shares.get(index, ZERO) + take
        if wanted:
            held = shown(part.quantity - wanted)
            said = f"/lines/{at}: line {part.line} holds {held} of the {shown(part.quantity)} named"
            return Rejected(409, problem(RESERVATION_HOLDS_LESS, said, pointer=f"/lines/{at}"))
    return sorted(shares.items())


def reduce(found: Reservation, shares: Shares, column: str, ended: str) -> Reservation:
    """The reservation with its shares taken out; ended once nothing is left.

    One that shipped anything ends as consumed, however its rest went.
    """
    lines = list(found.lines)
    for index, quantity in shares:
        line = lines[index]
        lines[index] = line._replace(**{column: getattr(line, column) + quantity})
    status = "active"
    if not any(line.left for line in lines):
        status = "consumed" if any(line.consumed for line in lines) else ended
    return found._replace(lines=tuple(lines), status=status, version=found.version + 1)


def given_back(found: Reservation, shares: Shares) -> tuple[Commitment, ...]:
    """What is not promised any more."""
    return tuple(
        Commitment(line.sku, line.location, line.lot, -quantity)
        for line, quantity in ((found.lines[index], quantity) for index, quantity in shares)
    )
