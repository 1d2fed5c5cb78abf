"""Lines of commands and of what they act on: how many there may be, and a part of one."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from schemas.base import Quantity, Strict
from schemas.serials import Serials, bounded

LINES_MAX: Final = 500


class PartOfLine(Strict):
    """A part of a document's line, by the line's number from 1."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)]
    quantity: Quantity
    serials: Serials | None = None


Parts = Annotated[
    list[PartOfLine], Field(min_length=1, max_length=LINES_MAX), AfterValidator(bounded)
]
