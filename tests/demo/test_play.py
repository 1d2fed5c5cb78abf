"""The demo on a slice of the real purchases: replayed to a real worker, and proved."""

import duckdb
import pytest

from deploy.demo import proof
from deploy.demo.play import play
from deploy.demo.purchases import Purchases, data_folder

BASKETS = 120


@pytest.fixture
def folder(tmp_path):
    """The year's first baskets, as files like the data set's own."""
    data = data_folder()
    sold = duckdb.read_parquet(str(data / "transactions.parquet"))
    some = sold.filter("week = 1").project("basket_id").distinct().order("basket_id").limit(BASKETS)
    kept = sold.join(some.set_alias("first"), "basket_id", how="semi")
    kept.write_parquet(str(tmp_path / "transactions.parquet"))
    (tmp_path / "products.parquet").symlink_to(data / "products.parquet")
    return tmp_path


def test_a_slice_is_replayed_and_proved_and_a_planted_unit_is_found(pipeline, folder):
    pipeline.start()
    told = []
    purchases = Purchases(1, folder)
    played = play(pipeline.settings, purchases, told.append)
    purchases.close()
    assert played.failures == []
    sales = played.sales
    assert sales.promised.commands == played.counts.baskets == BASKETS
    assert sales.promised.refused.keys() == {"insufficient-stock"}
    assert len(sales.accepted) + sales.promised.refused.total() == BASKETS
    assert sales.shipped.commands == len(sales.accepted) > BASKETS // 2
    assert played.proof.units > 0
    assert any(line.startswith("EQUAL") for line in played.lines())
    assert pipeline.query("SELECT DISTINCT status FROM reservation") == [("consumed",)]
    _ship_one_more(pipeline)
    again = proof.prove(
        proof.bought(folder / "transactions.parquet", sales.accepted),
        proof.shipped(pipeline.settings.ledger_url, pipeline.settings.default_tenant),
    )
    (mismatch,) = again.mismatches
    assert mismatch.shipped == mismatch.bought + 1


def _ship_one_more(pipeline):
    """A movement that nobody asked for, straight into the table."""
    pipeline.query(
        "INSERT INTO movement SELECT tenant_id, shard, sequence, 32000, sku, lot, serial,"
        " from_account, to_account, 1, unit_cost, reason, document, actor_id, moved_at"
        " FROM movement WHERE to_account = '@customer' LIMIT 1 RETURNING sku"
    )
