"""Lines of commands and of what they act on: how many there may be, and a part of one."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from schemas.base import BinCode, LotCode, Quantity, Strict
from schemas.serials import Serials, bounded

LINES_MAX: Final = 500


class PartOfLine(Strict):
    """A part of a document's line, by the line's number from 1."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)]
    quantity: Quantity
    lot: LotCode | None = Field(
        default=None, description="null: of a line of several lots, those that come first"
    )
    serials: Serials | None = None

    def is_of(self, line: int, lot: str) -> bool:
        """Whether it may be taken from a document's line of a lot."""
        return line == self.line and self.lot in (None, lot)


class PickedPart(PartOfLine):
    """A part of a line that leaves, and the bin that it is taken from.

    Where any lot was promised it may be of another lot at its place that is free.
    """

    bin: BinCode | None = Field(
        default=None, description="null: what is loose, and then as the rule says"
    )


Parts = Annotated[
    list[PartOfLine], Field(min_length=1, max_length=LINES_MAX), AfterValidator(bounded)
]

PickedParts = Annotated[
    list[PickedPart], Field(min_length=1, max_length=LINES_MAX), AfterValidator(bounded)
]
"""Parts of a document's lines that leave, each from a bin if it names one."""
