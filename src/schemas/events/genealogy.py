"""What became known of what is made of what."""

from typing import ClassVar

from schemas.base import Strict
from schemas.events.base import Event


class Link(Strict):
    """A lot that was made of another; null where the item is not stocked by lot."""

    parent_sku: str
    parent_lot: str | None
    child_sku: str
    child_lot: str | None


class GenealogyLinked(Event):
    """Lots were made of others, by one document; the entries of that document say how much."""

    TYPE: ClassVar[str] = "genealogy.linked"
    MODULES: ClassVar[tuple[str, ...]] = ("manufacturing",)

    document: str
    links: list[Link]
