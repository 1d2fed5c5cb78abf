"""What happened to transfers; each event carries the whole transfer as it then stands."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from schemas.base import Strict
from schemas.events.base import Conversion, Event
from schemas.serials import Serials


class Line(Strict):
    """One lot of one item that left, and what became of it; the rest is in transit.

    A line that was shipped from several lots stands once for each, under the same number.
    """

    line: int
    sku: str
    lot: str | None
    shipped: str
    received: str
    lost: str
    returned: str
    serials: Serials | None = Field(default=None, description="those still in transit")


class Transfer(Event):
    """A transfer as it stands."""

    MODULES: ClassVar[tuple[str, ...]] = ("transfers",)

    transfer_id: str
    from_location: str
    to_location: str
    status: Literal["in_transit", "received", "closed"]
    reference: str | None
    reason: str | None
    lines: list[Line]
    conversions: list[Conversion] = Field(
        default=[], description="of what was said in another unit than the base unit"
    )
    created_at: AwareDatetime
    version: int


class TransferShipped(Transfer):
    """Stock left for another location."""

    TYPE: ClassVar[str] = "transfer.shipped"


class TransferReceived(Transfer):
    """Stock arrived, in whole or in part."""

    TYPE: ClassVar[str] = "transfer.received"


class TransferClosed(Transfer):
    """What was still in transit is lost, or back where it came from."""

    TYPE: ClassVar[str] = "transfer.closed"
