"""Lines of commands and of what they act on: how many there may be, and a part of one."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from schemas.base import BinCode, Quantity, Strict
from schemas.serials import Serials, bounded

LINES_MAX: Final = 500


class PartOfLine(Strict):
    """A part of a document's line, by the line's number from 1."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)]
    quantity: Quantity
    serials: Serials | None = None


class PickedPart(PartOfLine):
    """A part of a line that leaves, and the bin that it is taken from."""

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
