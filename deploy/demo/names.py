"""What the demo calls things: the data set's numbers as codes of stores, items and orders."""

from typing import NamedTuple


class BasketId(NamedTuple):
    """What names a basket in the data set."""

    household: int
    basket: int


def location(store: int) -> str:
    """The location that a store is."""
    return f"store-{store}"


def sku(product: int) -> str:
    """The item that a product is."""
    return str(product)


def order_id(household: int, basket: int) -> str:
    """The order that a basket becomes."""
    return f"{household}-{basket}"
