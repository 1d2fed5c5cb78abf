"""A hot row changed by every batch while somebody holds a snapshot: bounded, and over afterwards."""

import psycopg
import pytest

import asks
from processes import eventually

UPDATES = 4_000
ROOM = 3
"""A page holds some seventy versions of a balance: so many pages for one hot row and its rest."""
HOT_SHARE = 0.95
SLOWEST = 20
"""Changes a second of the four hot rows together, in one session, on a machine with other work."""

# What each batch changes whatever else it does, without changing what is true.
CHANGE = f"""
DO $$ BEGIN FOR i IN 1..{UPDATES} LOOP
    UPDATE shard SET next_offset = next_offset WHERE shard = (SELECT max(shard) FROM segment);
    UPDATE segment SET head = head WHERE shard = (SELECT max(shard) FROM segment);
    UPDATE publication SET lease_epoch = lease_epoch WHERE shard = (SELECT max(shard) FROM segment);
    UPDATE balance SET version = version;
    COMMIT;
END LOOP; END $$
"""  # noqa: S608  # numbers of ours
HOT = ("balance", "shard", "segment", "publication")


def pages(shop):
    return {table: shop.query(f"SELECT pg_relation_size('{table}') / 8192")[0][0] for table in HOT}


def hot_shares(shop):
    """Of each table's changes, those that touched no index."""
    rows = shop.query(
        "SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
        " WHERE relname = ANY(%s) AND n_tup_upd >= %s",
        list(HOT),
        UPDATES,
    )
    return {table: hot / changed for table, changed, hot in rows} if len(rows) == len(HOT) else {}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hot_rows_stay_small_and_a_long_snapshot_costs_only_while_it_lasts(stocked):
    fault = stocked.fault("38 hot rows changed under a long snapshot")
    worker = stocked.start("reservations")
    stocked.ask(asks.reserve(asks.line("A", "1")))
    with psycopg.connect(stocked.settings.ledger_url, autocommit=True) as session:
        session.execute(CHANGE)
        assert max(pages(stocked).values()) <= ROOM, "dead versions are not cleared away at once"
        with psycopg.connect(stocked.settings.ledger_url) as reader:
            reader.execute("SET idle_in_transaction_session_timeout = 0")
            reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT FROM balance")
            session.execute(f"SET statement_timeout = '{UPDATES // SLOWEST}s'")
            session.execute(CHANGE)
            grown = pages(stocked)
            fault.seen("they grew under the snapshot", min(grown.values()) > ROOM)
            assert stocked.ask(asks.reserve(asks.line("A", "1")))[0]["status"] == "applied"
        fault.heal()
        session.execute("VACUUM balance, shard, segment, publication")
        session.execute(CHANGE)
    now = pages(stocked)
    assert all(now[table] <= grown[table] + 1 for table in HOT), "room that is free is not used"
    shares = eventually("the server has counted", lambda: hot_shares(stocked))
    assert min(shares.values()) > HOT_SHARE, shares
    assert worker.lives()
