"""What happened when lots were recalled together with all that was made of them."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event
from schemas.events.lots import LotState


class Reached(Strict):
    """A lot that the recall reaches, over so many makings; without a lot, an item that has none."""

    sku: str
    lot: str | None
    depth: int


class Found(Strict):
    """Where some of a recalled lot is, or where it went."""

    sku: str
    lot: str
    where: Literal["on_hand", "in_transit", "in_process", "shipped", "returned", "written_off"]
    quantity: str
    location: str | None
    reserved: str | None
    held: str | None
    document: str | None
    order_id: str | None
    reason: str | None


class Total(Strict):
    """How much of a recalled lot is where, over all places and documents."""

    sku: str
    lot: str
    on_hand: str
    in_transit: str
    in_process: str
    shipped: str
    returned: str
    written_off: str


class LotRecalled(Event):
    """A lot was recalled, with all that was made of it; where it all is."""

    TYPE: ClassVar[str] = "lot.recalled"
    MODULES: ClassVar[tuple[str, ...]] = ("stock",)

    recall_id: str
    sku: str
    lot: str
    reason: str
    complete: bool
    reached: list[Reached]
    totals: list[Total]
    found: list[Found]
    found_in_all: int
    lots: list[LotState]
    created_at: AwareDatetime
