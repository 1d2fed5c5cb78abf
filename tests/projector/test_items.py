"""Items and policies in the read tables, and the look-up of what a scanner read."""

import asyncio

import orjson

import asks
from consumers.parity import PARITIES, compare
from ledger import journal, shards
from ledger.views.availability import Wanted, availability
from ledger.views.backorders import backorders
from ledger.views.items import Scanned, scanned
from ledger.views.pool import read_pool
from producers.messages import messages
from read_tables import PREFIX

MILK, CARTON = "4006381333931", "14006381333938"


def told(ledger, tables):
    """Everything that the ledger has told, in the read tables."""
    said = [
        message
        for shard in shards.ends(ledger.tx)
        for row in journal.after(ledger.tx, shard, 0, 10_000)
        for message in messages(PREFIX, orjson.loads(row.record))
    ]
    tables.take(tables.topics.append(said))


def differing(ledger, tables):
    with ledger.tx.transaction(), tables.session.transaction():
        compared = [compare(ledger.tx, tables.session, parity) for parity in PARITIES]
    return {each.name: each.named for each in compared if each.differing}


def found(url, *codes):
    async def look():
        pool = read_pool(url)
        await pool.open(wait=True)
        try:
            return [await scanned(pool, "default", code) for code in codes]
        finally:
            await pool.close()

    return asyncio.run(look())


def test_an_item_is_found_by_what_a_scanner_read(ledger, tables, database_url):
    ledger.ask(
        asks.item(
            "A",
            uom="bottle",
            units=[{"code": "case", "factor": "12", "level": 2}],
            barcodes=[
                {"code": MILK},
                {"code": CARTON, "unit": "case"},
                {"code": "shelf-7", "symbology": "other"},
            ],
            attributes={"fat": "3.5 %"},
        ),
        asks.item("B", rounding="measured", scale=3, active=False, variant_of="A"),
        asks.item("C", variant_of="B"),
    )
    told(ledger, tables)
    assert differing(ledger, tables) == {}
    milk = Scanned("A", "The A", "bottle", active=True)
    assert found(database_url, MILK, "00" + MILK, "0" + MILK, CARTON, "shelf-7", "SHELF-7") == [
        milk, None, milk, milk._replace(unit="case"), milk, None,
    ]  # fmt: skip
    assert tables.query("SELECT sku, active, scale, variant_of FROM item ORDER BY sku") == [
        ("A", True, None, None),
        ("B", False, 3, "A"),
    ]


def available(url, sku="A", **fields):
    async def look():
        pool = read_pool(url)
        await pool.open(wait=True)
        try:
            wanted = Wanted("default", [sku], None, None, only_available=False, **fields)
            return await availability(pool, wanted, None, 10)
        finally:
            await pool.close()

    return {each.location: each for each in asyncio.run(look())}


def test_what_a_channel_may_sell_and_who_asks_for_himself(ledger, tables, database_url):
    """At MAIN 10 on hand: 4 promised to SO-1 and 3 to SO-2, 1 held; the web keeps 1 back."""
    ledger.ask(asks.item("A"), asks.location("MAIN"), asks.location("EAST"))
    ledger.ask(asks.record_stock("A", "10"), asks.record_stock("A", "2", at="EAST"))
    ledger.ask(asks.hold("A", "1", location="MAIN"))
    buffers = [{"channel": "web", "quantity": "1"}, {"channel": None, "quantity": "5"}]
    ledger.ask(
        asks.ask("policy.set", {"sku": "A", "buffers": buffers}),
        asks.ask("policy.set", {"sku": "A", "location": "EAST", "backorder_limit": "3"}),
    )
    made = ledger.ask(
        asks.reserve(asks.line("A", "4")),
        asks.reserve(asks.line("A", "3"), order_id="SO-2"),
        asks.reserve(asks.line("A", "4", at="EAST"), order_id="SO-3"),
    )
    told(ledger, tables)
    assert differing(ledger, tables) == {}
    plain = available(database_url)
    assert plain["MAIN"][2:7] == ("10", "7", "1", "0", "2")
    assert plain["EAST"][2:7] == ("2", "4", "0", "0", "1")
    assert [each.backordered for each in plain.values()] == ["2", "0"]
    for channel, buffer, east, main in (("web", "1", "0", "1"), ("market", "5", "0", "0")):
        found = available(database_url, channel=channel)
        assert {each.buffer for each in found.values()} == {buffer}
        assert [each.channel_available for each in found.values()] == [east, main]
    own = available(database_url, for_order="SO-2")
    assert own["MAIN"][2:7] == ("10", "4", "1", "0", "5")
    named = made[0].record["resource"]["id"]
    assert available(database_url, for_reservation=named, channel="web")["MAIN"][9:] == ("1", "5")
    assert available(database_url, for_order="SO-3")["EAST"].available == "5"
    assert available(database_url, for_order="SO-9") == plain


def test_what_comes_in_covers_the_oldest_promises_first(ledger, tables, database_url):
    """Backorders of 7 and 4, then 5 come in: 5 of the first are filled; shipped, they count no more."""

    def waiting():
        async def look():
            async with read_pool(database_url) as pool:
                return await backorders(pool, "default", "A", "MAIN", 10)

        told(ledger, tables)
        return [
            (each.order_id, str(each.filled), str(each.backordered)) for each in asyncio.run(look())
        ]

    ledger.ask(asks.item("A"), asks.location("MAIN"))
    ledger.ask(asks.ask("policy.set", {"sku": "A", "backorder_limit": "11"}))
    first = ledger.ask(asks.reserve(asks.line("A", "7")))[0].record["resource"]["id"]
    ledger.ask(asks.reserve(asks.line("A", "4"), order_id="SO-2"))
    assert waiting() == [("SO-1", "0", "7"), ("SO-2", "0", "4")]
    ledger.ask(asks.receipt(("A", "5", None)))
    assert waiting() == [("SO-1", "5", "2"), ("SO-2", "0", "4")]
    ledger.ask(asks.consume(first, [{"line": 1, "quantity": "5"}]))
    assert waiting() == [("SO-1", "0", "2"), ("SO-2", "0", "4")]
    ledger.ask(asks.receipt(("A", "3", None)))
    assert waiting() == [("SO-1", "2", "0"), ("SO-2", "1", "3")]
    ledger.ask(asks.receipt(("A", "3", None)))
    assert waiting() == []


def test_held_and_recalled_stock_is_taken_away_once(ledger, tables, database_url):
    """Of L1 with 5, recalled, 2 are held; of L2 with 4 nothing is: 4 are available."""
    ledger.ask(asks.item("B", track_by="batch"), asks.location("MAIN"))
    ledger.ask(asks.record_stock("B", "5", lot="L1"), asks.record_stock("B", "4", lot="L2"))
    ledger.ask(asks.hold("B", "2", lot="L1"), asks.set_status("L1", "recalled"))
    told(ledger, tables)
    found = available(database_url, "B")["MAIN"]
    assert (found.owned, found.held, found.available) == ("9", "2", "4")
