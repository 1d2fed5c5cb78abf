"""The proof: what the ledger shipped is what was bought in the accepted baskets, to the unit.

The two sides meet only here. One is summed from the ledger's movements to customers; the other
straight from the data set's file, by the numbers of the baskets, without the replay's code.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb

from deploy.demo.names import BasketId
from ledger.connection import connect

StoreItem = tuple[str, str]
"""A location's code and an item's code."""


class Mismatch(NamedTuple):
    """A store and item whose two sums differ; a side that has none counts as zero."""

    location: str
    sku: str
    bought: Decimal
    shipped: Decimal


class Proof(NamedTuple):
    """What the comparison came to."""

    compared: int
    """Pairs of store and item, of either side."""
    units: Decimal
    """Bought in the accepted baskets."""
    mismatches: list[Mismatch]


def prove(bought: Mapping[StoreItem, Decimal], shipped: Mapping[StoreItem, Decimal]) -> Proof:
    """Compare every store and item that either side names."""
    zero = Decimal(0)
    places = sorted(bought.keys() | shipped.keys())
    mismatches = [
        Mismatch(*place, bought.get(place, zero), shipped.get(place, zero))
        for place in places
        if bought.get(place, zero) != shipped.get(place, zero)
    ]
    return Proof(len(places), sum(bought.values(), zero), mismatches)


_BOUGHT = """
SELECT 'store-' || store_id, product_id::VARCHAR, sum(quantity)::BIGINT
FROM read_parquet($file) JOIN accepted USING (household_id, basket_id)
GROUP BY store_id, product_id
HAVING sum(quantity) <> 0
"""


def bought(transactions: Path, accepted: Iterable[BasketId]) -> dict[StoreItem, Decimal]:
    """Units of each store and product in the given baskets, from the data set's file itself."""
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as data:
        data.execute("CREATE TEMP TABLE accepted (household_id BIGINT, basket_id BIGINT)")
        households, baskets = zip(*accepted, strict=True) if accepted else ((), ())
        data.execute(
            "INSERT INTO accepted SELECT unnest($households), unnest($baskets)",
            {"households": list(households), "baskets": list(baskets)},
        )
        rows = data.execute(_BOUGHT, {"file": str(transactions)}).fetchall()
    return {(location, sku): Decimal(units) for location, sku, units in rows}


_SHIPPED = """
SELECT from_account, sku, sum(quantity)
FROM movement WHERE tenant_id = %s AND to_account = '@customer'
GROUP BY from_account, sku
"""


def shipped(ledger_url: str, tenant_id: str) -> dict[StoreItem, Decimal]:
    """Units of each location and item that the ledger has moved to customers.

    Raises:
        psycopg.Error: the database does not answer.
    """
    with connect(ledger_url, "stockyard demo") as connection:
        rows = connection.execute(_SHIPPED, (tenant_id,)).fetchall()
    return {(location, sku): units for location, sku, units in rows}
