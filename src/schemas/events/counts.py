"""What happened to counts; what is expected is told of a line only once that is posted."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event


class ScopeLine(Strict):
    """An item that the count is about; without a lot, all of its lots."""

    sku: str
    lot: str | None


class Count(Event):
    """A count as it stands. Its lines are told apart, some hundreds at a time."""

    MODULES: ClassVar[tuple[str, ...]] = ("counting",)

    count_id: str
    location: str
    status: Literal["open", "posted", "cancelled"]
    blind: bool
    scope: list[ScopeLine] | None
    tolerance_percent: str | None
    tolerance_quantity: str | None
    reference: str | None
    reason: str | None
    counted_by: list[str]
    approved_by: str | None
    lines: int
    posted: int
    created_at: AwareDatetime
    version: int
    frozen: bool | None = None


class CountOpened(Count):
    """Counting may begin."""

    TYPE: ClassVar[str] = "count.opened"


class CountRecorded(Count):
    """Somebody counted."""

    TYPE: ClassVar[str] = "count.recorded"


class RecountAsked(Count):
    """Lines are to be counted once more."""

    TYPE: ClassVar[str] = "count.recount.asked"


class CountApproved(Count):
    """Its variances may be posted, beyond the tolerance too."""

    TYPE: ClassVar[str] = "count.approved"


class CountPosted(Count):
    """The books agree with the count, or with those of its lines that could be posted."""

    TYPE: ClassVar[str] = "count.posted"


class CountCancelled(Count):
    """What was not posted by then never will be."""

    TYPE: ClassVar[str] = "count.cancelled"


class Line(Strict):
    """One attempt at one line. Not counted yet: asked for. Without `expected`: not posted."""

    line: int
    attempt: int
    sku: str
    lot: str | None
    counted: str | None
    counted_at: AwareDatetime | None
    counted_by: str | None
    expected: str | None
    variance: str | None
    level_version: int | None
    version: int


class CountLinesChanged(Event):
    """Lines as they stand, after they were counted, asked for again, or posted."""

    TYPE: ClassVar[str] = "count.lines.changed"
    MODULES: ClassVar[tuple[str, ...]] = ("counting",)

    count_id: str
    location: str
    lines: list[Line]
