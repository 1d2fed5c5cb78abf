"""What a command takes out of a document's lines: how much of which, and what the lines are then."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from ledger.documents import HoldLine, ReservationLine, TransferLine
from ledger.making import Input
from ledger.outcome import Rejected
from schemas.base import ZERO, shown
from schemas.commands.lines import PartOfLine
from schemas.problems import Kind, problem

Shares = list[tuple[int, Decimal]]
"""Parts of a document: the index into its lines, and how much of that line."""

Line = TypeVar("Line", ReservationLine, TransferLine, HoldLine, Input)
Numbered = TypeVar("Numbered", ReservationLine, TransferLine)


def all_left(lines: Sequence[Line]) -> Shares:
    """All that the lines still hold."""
    return [(index, line.left) for index, line in enumerate(lines) if line.left]


def shares_of(
    lines: Sequence[Numbered], parts: Sequence[PartOfLine] | None, less: Kind
) -> Shares | Rejected:
    """What a command takes from each line: all that is left, or the parts that it names.

    A line that is of several lots gives from them in their order. One that holds less than is
    named is a problem of the type `less`.
    """
    if parts is None:
        return all_left(lines)
    left = [line.left for line in lines]
    shares: dict[int, Decimal] = {}
    for at, part in enumerate(parts):
        wanted = part.quantity
        for index, line in enumerate(lines):
            if part.is_of(line.line, line.lot) and wanted and left[index]:
                take = min(left[index], wanted)
                left[index] -= take
                wanted -= take
                shares[index] = shares.get(index, ZERO) + take
        if wanted:
            held = shown(part.quantity - wanted)
            said = f"/lines/{at}: line {part.line} holds {held} of the {shown(part.quantity)} named"
            return Rejected(409, problem(less, said, pointer=f"/lines/{at}"))
    return sorted(shares.items())


def reduced(lines: Sequence[Line], shares: Shares, column: str) -> tuple[Line, ...]:
    """The lines once their shares are noted in the column that says what became of them."""
    changed = list(lines)
    for index, quantity in shares:
        line = changed[index]
        changed[index] = line._replace(**{column: getattr(line, column) + quantity})
    return tuple(changed)


def shared(lines: Sequence[Line], shares: Shares) -> list[tuple[Line, Decimal]]:
    """The lines that have a share, each with it."""
    return [(lines[index], quantity) for index, quantity in shares]
