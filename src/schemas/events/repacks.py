"""What happened to stock that goes on under another item or lot."""

from typing import ClassVar

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event
from schemas.events.lots import LotState


class Pack(Strict):
    """So much of one lot of one item."""

    sku: str
    lot: str | None
    quantity: str


class LotRepacked(Event):
    """Stock became other packs, items or lots."""

    TYPE: ClassVar[str] = "lot.repacked"
    MODULES: ClassVar[tuple[str, ...]] = ("manufacturing",)

    repack_id: str
    location: str
    packs_from: list[Pack]
    packs_to: list[Pack]
    wasted: str
    reason: str
    reference: str | None
    lots: list[LotState]
    created_at: AwareDatetime
