"""What the views tell of bins: what lies in them, what is loose, and where it would be put."""

import asyncio
from decimal import Decimal

import orjson
import pytest

from asks import ask, hold, issue, item, location, receipt
from ledger import journal, shards
from ledger.views import bins
from ledger.views.bins import Wanted
from ledger.views.pool import read_pool
from read_tables import Tables
from reading import Topics

TENANT = "default"


@pytest.fixture
def ledger(ledger):
    box = {"code": "box", "factor": "4", "level": 1}
    ledger.ask(item("A", units=[box]), item("B", track_by="batch"), location("MAIN"))
    for code, fields in (
        ("X", {"capacity": "6", "zone": "cold"}),
        ("Y", {"takes": [{"sku": "B"}]}),
    ):
        ledger.ask(ask("bin.upsert", {"location": "MAIN", "bin": code, **fields}))
    ledger.ask(receipt(("A", "9", None), ("B", "5", "L1")))
    return ledger


@pytest.fixture
def seen(database_url, ledger):
    """Asks a view of the read tables, as they are once all that was journalled is told."""
    tables = Tables(database_url, Topics())

    async def asked(view, *values, **more):
        async with read_pool(database_url) as pool:
            return await view(pool, TENANT, "MAIN", *values, **more)

    def see(view, *values, **more):
        for shard in shards.ends(ledger.tx):
            for row in journal.after(ledger.tx, shard, 0, 10_000):
                tables.tell(orjson.loads(row.record))
        return asyncio.run(asked(view, *values, **more))

    yield see
    tables.session.close()


def plain(found):
    """Without the kinds of numbers."""
    return [
        tuple(str(each) if isinstance(each, Decimal) else each for each in row) for row in found
    ]


def test_what_lies_where_and_what_is_loose(ledger, seen):
    ledger.ask(ask("putaway.post", {"location": "MAIN", "lines": [{"sku": "B", "lot": "L1"}]}))
    lines = [{"sku": "A", "quantity": "6", "bin": "X"}]
    ledger.ask(ask("putaway.post", {"location": "MAIN", "lines": lines}))
    ledger.ask(issue("A", "4"), issue("B", "1"), hold("B", "2", location="MAIN", bin="Y"))
    assert plain(seen(bins.lying)) == [("X", "A", None, "5", "0"), ("Y", "B", "L1", "4", "2")]
    assert seen(bins.loose) == []


def test_a_plan_is_what_posting_does_and_changes_nothing(ledger, seen):
    wanted = [
        Wanted("A", Decimal(9), "box"), Wanted("B", Decimal(5)), Wanted("A", Decimal(5)),
        Wanted("Q", Decimal(1)),
    ]  # fmt: skip
    planned = seen(bins.suggest, wanted)
    assert [plain(each.parts) for each in planned] == [[("X", "4")], [("Y", "5")], [("X", "2")], []]
    assert [each.unassigned for each in planned] == [5, 0, 3, 1]
    assert seen(bins.suggest, wanted) == planned
    assert plain(seen(bins.loose)) == [("A", None, "9"), ("B", "L1", "5")]
    line = {"sku": "A", "quantity": "2", "unit": "box"}
    posted = ledger.ask(ask("putaway.post", {"location": "MAIN", "lines": [line]}))[0].body
    assert posted["lines"][0]["placed"] == [{"bin": "X", "quantity": "4"}]
    assert posted["lines"][0]["unassigned"] == "4"


def test_a_plan_is_of_a_zone_and_not_of_where_stock_comes_from(seen):
    assert seen(bins.suggest, [Wanted("B", Decimal(2))], zone="cold")[0].parts == (("X", 2),)
    assert seen(bins.suggest, [Wanted("B", Decimal(2))], from_bin="Y")[0].parts == (("X", 2),)
