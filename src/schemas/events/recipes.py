"""What happened to recipes."""

from typing import ClassVar, Literal

from schemas.base import Strict
from schemas.events.base import Event


class Component(Strict):
    """One item that goes into another."""

    sku: str
    quantity: str
    attrition: str
    setup: str
    multiple: str | None
    consumable: bool


class RecipeUpserted(Event):
    """What an item is made of was said, or said anew."""

    TYPE: ClassVar[str] = "recipe.upserted"
    MODULES: ClassVar[tuple[str, ...]] = ("manufacturing",)

    sku: str
    kind: Literal["kit", "production"]
    makes: str
    components: list[Component]
    version: int
