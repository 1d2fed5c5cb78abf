"""What may be asked of recipes: that an item be made of others, as described."""

from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from schemas.base import ZERO, CountedQuantity, Quantity, Sku, Strict
from schemas.commands.base import Command

COMPONENTS_MAX: Final = 200
ONE: Final = Decimal(1)


class Component(Strict):
    """One item that goes into another."""

    sku: Sku
    quantity: Quantity = Field(description="for as many as the recipe makes")
    attrition: CountedQuantity = Field(
        default=ZERO, description="the share that is lost on the way, 0.05 for 5 %"
    )
    setup: CountedQuantity = Field(default=ZERO, description="what each run takes beside that")
    multiple: Quantity | None = Field(default=None, description="it is taken in multiples of this")
    consumable: bool = Field(
        default=False, description="needed, but neither reserved nor counted out of stock"
    )


class UpsertRecipe(Command):
    """Say what an item is made of, all of it anew. Orders that are open go on as they began.

    A kit is put together and taken apart at once, and may be promised by its components.
    """

    TYPE: ClassVar[str] = "recipe.upsert"
    MODULE: ClassVar[str] = "manufacturing"

    sku: Sku
    kind: Literal["kit", "production"] = "production"
    makes: Quantity = Field(default=ONE, description="how many the components are for")
    components: Annotated[list[Component], Field(min_length=1, max_length=COMPONENTS_MAX)]

    @field_validator("components")
    @classmethod
    def _each_once(cls, components: list[Component]) -> list[Component]:
        seen = [component.sku for component in components]
        if len(set(seen)) < len(seen):
            raise PydanticCustomError("components", "must name each item once")
        if all(component.consumable for component in components):
            raise PydanticCustomError("components", "must not all be consumable")
        return components
