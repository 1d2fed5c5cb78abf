"""What may be asked of counts: that stock be counted, counted again, approved and posted."""

from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.base import (
    CountedQuantity,
    LocationCode,
    LotCode,
    Percent,
    Reference,
    Sku,
    Strict,
    Text,
    UnitCode,
)
from schemas.commands.base import Command

CountId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
COUNT_LINES_MAX: Final = 20_000
"""Lines of one count: as many as a ledger entry can number, with room."""
SCOPE_MAX: Final = 1_000


class ScopeLine(Strict):
    """An item that a count is about; without a lot, all of its lots."""

    sku: Sku
    lot: LotCode | None = None


class OpenCount(Command):
    """Begin to count a location, or some of its items.

    Variances beyond a tolerance need approval; where both are given, one beyond either. Without a
    tolerance no variance does; with one of 0, every variance.
    """

    TYPE: ClassVar[str] = "count.open"
    MODULE: ClassVar[str] = "counting"

    location: LocationCode
    scope: Annotated[list[ScopeLine], Field(min_length=1, max_length=SCOPE_MAX)] | None = Field(
        default=None, description="null: whatever lies there"
    )
    blind: bool = Field(
        default=True, description="nothing that counters see tells what is expected, until posted"
    )
    frozen: bool | None = Field(
        default=None,
        description="until the count ends nothing of its scope arrives or leaves; it may be promised",
    )
    tolerance_percent: Percent | None = Field(default=None, description="of what is expected")
    tolerance_quantity: CountedQuantity | None = None
    reference: Reference | None = None


class CountedLine(Strict):
    """What was found of one item, and of one lot where it is stocked by lot."""

    sku: Sku
    quantity: CountedQuantity
    unit: UnitCode | None = Field(default=None, description="null: its base unit")
    lot: LotCode | None = None
    counted_at: AwareDatetime | None = Field(default=None, description="null: as the command says")


class RecordCount(Command):
    """Record what was counted, all of the lines or none; a large count takes several of these."""

    TYPE: ClassVar[str] = "count.record"
    MODULE: ClassVar[str] = "counting"

    count_id: CountId
    counted_at: AwareDatetime = Field(description="when, unless a line says otherwise")
    lines: Annotated[list[CountedLine], Field(min_length=1, max_length=COUNT_LINES_MAX)]


class RecountLines(Command):
    """Ask that lines be counted once more; what was counted first is kept beside it."""

    TYPE: ClassVar[str] = "count.recount"
    MODULE: ClassVar[str] = "counting"

    count_id: CountId
    lines: Annotated[
        list[Annotated[int, Field(ge=1, le=COUNT_LINES_MAX)]],
        Field(min_length=1, max_length=COUNT_LINES_MAX, description="the lines' numbers"),
    ]
    reason: Text | None = None


class ApproveCount(Command):
    """Let variances beyond the tolerance be posted. Nobody approves what they have counted."""

    TYPE: ClassVar[str] = "count.approve"
    MODULE: ClassVar[str] = "counting"

    count_id: CountId
    reason: Text | None = None


class PostCount(Command):
    """Make the books agree with the count: all of its lines or, if that is allowed, those that can."""

    TYPE: ClassVar[str] = "count.post"
    MODULE: ClassVar[str] = "counting"

    count_id: CountId
    allow_partial: bool = False


class CancelCount(Command):
    """End a count; what it has not posted changes nothing."""

    TYPE: ClassVar[str] = "count.cancel"
    MODULE: ClassVar[str] = "counting"

    count_id: CountId
    reason: Text
