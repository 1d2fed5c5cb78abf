"""What happened to production orders; each event carries the whole order as it then stands."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.base import Strict
from schemas.events.base import Event
from schemas.events.lots import LotState
from schemas.events.recipes import Component


class Input(Strict):
    """One lot of one component, and what became of it; `line` is the component's number."""

    line: int
    sku: str
    lot: str | None
    reserved: str
    released: str
    drawn: str
    used: str
    wasted: str
    returned: str


class Output(Strict):
    """How much of which lot was made."""

    lot: str | None
    quantity: str


class Variance(Strict):
    """How what was used and wasted compares with what the recipe asks for what was made."""

    sku: str
    expected: str
    used: str
    wasted: str
    difference: str


class Production(Event):
    """A production order as it stands."""

    MODULES: ClassVar[tuple[str, ...]] = ("manufacturing",)

    production_id: str
    sku: str
    location: str
    status: Literal["open", "completed", "cancelled"]
    planned: str
    makes: str
    components: list[Component]
    recipe_version: int
    inputs: list[Input]
    outputs: list[Output]
    reference: str | None
    reason: str | None
    created_at: AwareDatetime
    version: int


class ProductionStarted(Production):
    """An order was begun, and what it needs is reserved."""

    TYPE: ClassVar[str] = "production.started"


class ProductionConsumed(Production):
    """Components were used, or wasted."""

    TYPE: ClassVar[str] = "production.consumed"


class ProductionProduced(Production):
    """Something was made, and is in stock."""

    TYPE: ClassVar[str] = "production.produced"

    lots: list[LotState]


class ProductionCompleted(Production):
    """An order came to its end."""

    TYPE: ClassVar[str] = "production.completed"

    variances: list[Variance]


class ProductionCancelled(Production):
    """An order was given up."""

    TYPE: ClassVar[str] = "production.cancelled"
