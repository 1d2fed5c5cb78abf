"""Transactions that overlap: a journal has no gap to be passed over, whoever commits first."""

import threading
from contextlib import contextmanager

import psycopg
import pytest

import asks
from consumers.apply import Rules, apply
from consumers.parse import Record, parse
from consumers.parse import Rules as ParseRules
from consumers.stages import Stages
from deploy.postgres.databases import Databases
from ledger import shards
from ledger.connection import connect
from processes import WAIT_SECONDS, eventually
from schemas.topics import commands_topic, shard_of

SHARD = shard_of("reservations", 0)


class Applier:
    """A worker's hands without its loop: applies what stands in the topic when it is told to."""

    def __init__(self, shop, name):
        self.tx = connect(shop.settings.ledger_url, name, batches=True)
        self.tx.autocommit = True
        self._shop = shop
        prefix = shop.settings.topic_prefix
        self._parse = ParseRules("reservations", prefix, "default", frozenset({"commerce"}))
        self._rules = Rules("reservations", prefix, "default", lambda _: None)
        with self.tx.transaction():
            shards.create(self.tx, [SHARD])

    def apply(self):
        """Everything of partition 0, in a transaction of the caller's."""
        topic = commands_topic(self._shop.settings.topic_prefix, "reservations")
        records = [
            Record(
                SHARD, each.offset(), each.timestamp()[1], each.key(), each.value(), each.headers()
            )
            for each in self._shop.read(topic)
        ]
        batch = parse(records, self._parse)
        return apply(self.tx, batch, [SHARD], self._rules, Stages("reservations"), expire=False)


@contextmanager
def two_workers(shop):
    pair = Applier(shop, "stockyard first"), Applier(shop, "stockyard second")
    try:
        yield pair
    finally:
        for each in pair:
            each.tx.close()


@pytest.mark.parametrize("commits", [True, False])
@pytest.mark.timeout(180)
def test_a_later_transaction_cannot_commit_before_an_earlier_one_of_its_shard(stocked, commits):
    ends = "commits late" if commits else "rolls back"
    fault = stocked.fault(f"36 the first of two overlapping transactions {ends}")
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(5)]
    stocked.send(*wanted)
    with two_workers(stocked) as (first, second):
        came = []
        overlap = threading.Thread(target=lambda: came.append(second.apply()))
        with first.tx.transaction(force_rollback=not commits):
            numbered = [record["sequence"] for record in first.apply().records]
            overlap.start()
            eventually("the second waits for the first", lambda: waits(stocked, "stockyard second"))
            fault.seen("both hold the same records", numbered[0] == 1)
            assert stocked.run("worker-run-once").ended() == 0
            fault.seen("a relay looked meanwhile", published(stocked) == 0)
        overlap.join(WAIT_SECONDS)
        fault.heal()
        assert not overlap.is_alive()
    again = [record["sequence"] for record in came[0].records]
    assert again == ([] if commits else numbered), "the fence did not hold"
    assert came[0].redelivered == (len(wanted) if commits else 0)
    assert stocked.run("worker-run-once").ended() == 0
    assert published(stocked) == numbered[-1]


def waits(shop, name):
    return shop.query(
        "SELECT FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
        " AND datname = current_database()",
        name,
    )


def published(shop):
    return shop.query("SELECT published_up_to FROM publication WHERE shard = %s", SHARD)[0][0]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_writer_that_idles_in_another_database_holds_nothing_up(stocked, postgres):
    """Publishing goes by each shard's own count, not by what transactions the server still has."""
    fault = stocked.fault("35 a writer idles in another database")
    name = f"other_{stocked.settings.topic_prefix}"
    other_url = Databases(postgres.admin_url).make(name)
    try:
        with psycopg.connect(other_url) as other:
            xid = other.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
            worker = stocked.start("reservations")
            wanted = [asks.reserve(asks.line("A", "1")) for _ in range(20)]
            answers = stocked.ask(*wanted)
            assert all(each["status"] == "applied" for each in answers)
            horizon = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            fault.seen("the server's horizon stands still", stocked.query(horizon)[0][0] <= xid)
            eventually("all is marked", lambda: not unmarked(stocked))
            assert worker.end() == 0
            fault.heal()
            other.rollback()
    finally:
        Databases(postgres.admin_url).drop(name)


def unmarked(shop):
    return shop.query(
        "SELECT FROM publication JOIN shard USING (shard)"
        " WHERE published_up_to < next_sequence - 1 AND shard = %s",
        SHARD,
    )
