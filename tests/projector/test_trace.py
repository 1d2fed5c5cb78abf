"""Traces as the read tables tell them: back to the vendor's papers, forward to the order."""

import asyncio

import orjson
import pytest

import asks
from ledger import journal, shards
from ledger.views.pool import read_pool
from ledger.views.trace import trace
from ledgers import Ledger
from producers.messages import messages
from read_tables import PREFIX, Tables
from reading import Topics


@pytest.fixture
def ledger(database_url):
    made = Ledger(database_url).open()
    yield made
    made.close()


@pytest.fixture
def tables(ledger, database_url):
    """Flour F1, from PO-1, becomes bread B1, which leaves for SO-1."""
    ledger.ask(asks.item("FLOUR", track_by="batch"), asks.item("BREAD", track_by="batch"))
    ledger.ask(asks.location("MAIN"))
    got = asks.receipt(("FLOUR", "50", "F1"))
    ledger.ask(asks.ask("receipt.post", {**got.body, "reference": "PO-1"}))
    ledger.ask(asks.recipe("BREAD", ("FLOUR", "1")))
    order = ledger.ask(asks.start("BREAD", "5"))[0].record["resource"]["id"]
    ledger.ask(asks.use(order, ("FLOUR", "5")), asks.produce(order, "5", "B1"))
    sold = ledger.ask(asks.reserve(asks.line("BREAD", "2")))[0].record["resource"]["id"]
    ledger.ask(asks.consume(sold))
    made = Tables(database_url, Topics())
    for shard in shards.ends(ledger.tx):
        for row in journal.after(ledger.tx, shard, 0, 1000):
            made.take(made.topics.append(messages(PREFIX, orjson.loads(row.record))))
    yield made
    made.session.close()


def traced(url, sku, lot, *, back):
    async def ask():
        async with read_pool(url) as pool:
            return await trace(pool, asks.TENANT, sku, lot, back=back, limit=100)

    found = asyncio.run(ask())
    lots = [(each.lot, each.depth) for each in found.trace.lots]
    return lots, [
        (each.lot, each.from_account, each.to_account, each.quantity, each.reference)
        for each in found.went
    ]


WENT = [
    ("F1", "@vendor", "MAIN", "50", "PO-1"),
    ("F1", "MAIN", "@production", "5", None),
    ("B1", "@production", "MAIN", "5", None),
    ("B1", "MAIN", "@customer", "2", "SO-1"),
]


@pytest.mark.usefixtures("tables")
def test_a_lot_is_followed_both_ways(database_url):
    lots, went = traced(database_url, "FLOUR", "F1", back=False)
    assert lots == [("F1", 0), ("B1", 1)]
    assert sorted(went) == sorted(WENT)
    lots, went = traced(database_url, "BREAD", "B1", back=True)
    assert lots == [("B1", 0), ("F1", 1)]
    assert sorted(went) == sorted(WENT)


@pytest.mark.usefixtures("tables")
def test_a_lot_that_nobody_knows_leads_nowhere(database_url):
    assert traced(database_url, "BREAD", "B9", back=True) == ([("B9", 0)], [])
