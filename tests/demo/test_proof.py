"""The demo's proof: it finds every unit that is too many or too few."""

from decimal import Decimal

import duckdb
import pytest

from deploy.demo.names import BasketId
from deploy.demo.proof import Mismatch, bought, prove
from deploy.demo.summary import percentile, proof_lines

BOUGHT = {
    ("store-1", "A"): Decimal(3),
    ("store-1", "B"): Decimal(2),
    ("store-2", "A"): Decimal(7),
}


def test_equal_sums_are_a_proof():
    proof = prove(BOUGHT, dict(BOUGHT))
    assert (proof.compared, proof.units, proof.mismatches) == (3, Decimal(12), [])
    assert next(proof_lines(proof)).startswith("EQUAL: 3 pairs")


@pytest.mark.parametrize(
    ("shipped", "mismatch"),
    [
        ({("store-1", "A"): Decimal(4)}, Mismatch("store-1", "A", Decimal(3), Decimal(4))),
        ({("store-1", "A"): Decimal(2)}, Mismatch("store-1", "A", Decimal(3), Decimal(2))),
        ({("store-1", "B"): Decimal(0)}, Mismatch("store-1", "B", Decimal(2), Decimal(0))),
        ({("store-3", "A"): Decimal(1)}, Mismatch("store-3", "A", Decimal(0), Decimal(1))),
        (
            {("store-2", "A"): Decimal("7.000001")},
            Mismatch("store-2", "A", Decimal(7), Decimal("7.000001")),
        ),
    ],
    ids=["one too many", "one too few", "none", "where nothing was bought", "a millionth"],
)
def test_a_planted_mismatch_is_found_and_shown(shipped, mismatch):
    proof = prove(BOUGHT, {**BOUGHT, **shipped})
    assert proof.mismatches == [mismatch]
    verdict, shown = proof_lines(proof)
    assert verdict.startswith("DIFFERENT")
    assert f"{mismatch.location} {mismatch.sku}: {mismatch.bought} bought" in shown


def test_a_pair_that_the_ledger_never_shipped_is_found():
    shipped = dict(BOUGHT)
    del shipped["store-2", "A"]
    assert prove(BOUGHT, shipped).mismatches == [Mismatch("store-2", "A", Decimal(7), Decimal(0))]


def test_units_that_moved_to_the_wrong_store_are_two_mismatches():
    shipped = {**BOUGHT, ("store-1", "A"): Decimal(2), ("store-2", "A"): Decimal(8)}
    assert len(prove(BOUGHT, shipped).mismatches) == 2


def test_what_was_bought_counts_the_accepted_baskets_of_the_file_only(tmp_path):
    file = tmp_path / "transactions.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES (1, 10, 5, 77, 2), (1, 10, 5, 77, 1), (1, 10, 5, 78, 0),"
        " (2, 11, 5, 77, 9), (3, 12, 6, 77, 4), (4, 12, 6, 77, 100))"
        " t(household_id, basket_id, store_id, product_id, quantity)"
    ).write_parquet(str(file))
    accepted = [BasketId(1, 10), BasketId(3, 12)]
    assert bought(file, accepted) == {
        ("store-5", "77"): Decimal(3),
        ("store-6", "77"): Decimal(4),
    }
    assert bought(file, []) == {}


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)]
)
def test_a_percentile_is_one_of_the_latencies(share, expected):
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected


def test_no_latencies_have_no_percentile():
    assert percentile([], 0.5) == 0.0
