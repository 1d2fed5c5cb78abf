"""What happened to kits."""

from typing import ClassVar

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event
from schemas.events.lots import LotState


class Part(Strict):
    """How much of one lot of a component went in, or came out; what was scrapped of it beside that."""

    sku: str
    lot: str | None
    quantity: str
    scrapped: str


class KitLot(Strict):
    """How many kits of one lot came of it, or went."""

    lot: str | None
    quantity: str


class Kits(Event):
    """Kits that were put together or taken apart, and their components."""

    MODULES: ClassVar[tuple[str, ...]] = ("manufacturing",)

    kit_id: str
    sku: str
    location: str
    quantity: str
    recipe_version: int
    reference: str | None
    kits: list[KitLot]
    components: list[Part]
    lots: list[LotState]
    created_at: AwareDatetime


class KitAssembled(Kits):
    """Kits were put together."""

    TYPE: ClassVar[str] = "kit.assembled"


class KitDisassembled(Kits):
    """Kits were taken apart."""

    TYPE: ClassVar[str] = "kit.disassembled"
