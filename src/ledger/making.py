"""What the ledger keeps of making things, and of what came back: recipes, orders, links, returns. Pure."""

from decimal import Decimal
from typing import Any, NamedTuple

from schemas.base import ZERO, shown


class Component(NamedTuple):
    """One item that goes into another, and how much of it one making takes."""

    sku: str
    quantity: Decimal
    attrition: Decimal  # the share that is lost on the way: 0.05 for 5 %
    setup: Decimal  # what the first one takes more
    multiple: Decimal | None  # in which it is taken from stock
    consumable: bool  # needed, and neither reserved nor counted out

    def shown(self) -> dict[str, Any]:
        """As messages and tables have it."""
        return {
            "sku": self.sku,
            "quantity": shown(self.quantity),
            "attrition": shown(self.attrition),
            "setup": shown(self.setup),
            "multiple": None if self.multiple is None else shown(self.multiple),
            "consumable": self.consumable,
        }


class Recipe(NamedTuple):
    """What one making of an item takes, and how many that makes."""

    tenant_id: str
    sku: str
    kind: str  # kit or production
    makes: Decimal
    components: tuple[Component, ...]
    version: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and the item that it makes."""
        return self.tenant_id, self.sku


class Input(NamedTuple):
    """One lot of one component of a production order, and what became of it.

    `line` is the component's number. What was drawn on of the reserved, and what was taken beyond
    it, was used or wasted.
    """

    line: int
    sku: str
    lot: str
    reserved: Decimal
    released: Decimal = ZERO
    drawn: Decimal = ZERO
    used: Decimal = ZERO
    wasted: Decimal = ZERO
    returned: Decimal = ZERO  # of the used: put back when the order was cancelled

    @property
    def left(self) -> Decimal:
        """What is still reserved for the order."""
        return self.reserved - self.released - self.drawn

    def shown(self) -> dict[str, Any]:
        """As messages and tables have it."""
        quantities = {name: shown(getattr(self, name)) for name in self._fields[3:]}
        return {"line": self.line, "sku": self.sku, "lot": self.lot or None, **quantities}


class Output(NamedTuple):
    """How much of which lot an order has made."""

    lot: str
    quantity: Decimal

    def shown(self) -> dict[str, Any]:
        """As messages and tables have it."""
        return {"lot": self.lot or None, "quantity": shown(self.quantity)}


class Production(NamedTuple):
    """An order to make so many of an item at a location, by the recipe as it was at its start."""

    tenant_id: str
    production_id: str
    sku: str
    location: str
    status: str  # open, completed or cancelled
    planned: Decimal
    makes: Decimal
    components: tuple[Component, ...]
    recipe_version: int
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    reference: str | None
    reason: str | None  # why it was cancelled
    created_at: str
    version: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and its id."""
        return self.tenant_id, self.production_id


class CameBack(NamedTuple):
    """How much of one lot that a reservation's line shipped came back."""

    line: int
    sku: str
    lot: str
    quantity: Decimal

    def shown(self) -> dict[str, Any]:
        """As messages and tables have it."""
        lot = self.lot or None
        return {"line": self.line, "sku": self.sku, "lot": lot, "quantity": shown(self.quantity)}


class CustomerReturn(NamedTuple):
    """What came back of all that a reservation shipped."""

    tenant_id: str
    reservation_id: str
    lines: tuple[CameBack, ...]
    version: int

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by: the tenant, and the reservation."""
        return self.tenant_id, self.reservation_id


class Link(NamedTuple):
    """That a lot was made of another, by which document. How much, its movements say."""

    tenant_id: str
    document: str
    parent_sku: str
    parent_lot: str
    child_sku: str
    child_lot: str

    @property
    def key(self) -> tuple[str, ...]:
        """What it is known by: all of it."""
        return tuple(self)
