"""Bins in a real ledger: picked while others pick, filled while others fill, proved at the end."""

from concurrent.futures import ThreadPoolExecutor

import asks
import ledgers


def upsert(code, **fields):
    return asks.ask("bin.upsert", {"location": "MAIN", "bin": code, **fields})


def put(*lines, **fields):
    wanted = [{"sku": sku, "quantity": quantity, "lot": lot} for sku, quantity, lot in lines]
    return asks.ask("putaway.post", {"location": "MAIN", "lines": wanted or None, **fields})


def carry(sku, quantity, start, end, lot=None):
    line = {"sku": sku, "quantity": quantity, "from_bin": start, "to_bin": end, "lot": lot}
    return asks.ask("bin.move", {"location": "MAIN", "lines": [line]})


IN_BINS = """
SELECT bin, trim_scale(on_hand)::text, version FROM bin_level WHERE sku = %s ORDER BY lot, bin
"""
LOOSE = "SELECT trim_scale(on_hand - binned)::text FROM balance WHERE sku = %s"


def there(ledger, sku="A"):
    """What lies in each bin, and what is loose of each lot."""
    with ledger.tx.transaction():
        loose = [row[0] for row in ledger.tx.execute(LOOSE, [sku])]
        return ledger.tx.execute(IN_BINS, [sku]).fetchall(), loose


def begin(ledger, **bins):
    ledger.ask(asks.item("A"), asks.item("B", track_by="batch"), asks.location("MAIN"))
    ledger.ask(*(upsert(code, **fields) for code, fields in bins.items()))


def test_stock_is_received_put_away_promised_picked_and_counted(ledger):
    begin(ledger, X={"capacity": "8"}, Y={"capacity": "12"})
    named = ledger.ask(asks.receipt(("A", "30", None), ("B", "3", "L1")))[0].body["receipt_id"]
    done = ledger.ask(put(receipt_id=named), put(receipt_id=named))
    assert done[0].body["lines"][0]["unassigned"] == "10"
    assert done[1].body["lines"][0]["placed"] == []
    assert there(ledger) == ([("X", "8", 1), ("Y", "12", 1)], ["10"])
    promised = ledger.ask(asks.reserve(asks.line("A", "15")))[0].body["reservation_id"]
    assert there(ledger)[1] == ["10"]
    ledger.ask(asks.consume(promised))
    assert there(ledger) == ([("X", "3", 2), ("Y", "12", 1)], ["0"])
    ledger.ask(asks.record_stock("A", "9"))
    assert there(ledger) == ([("X", "0", 3), ("Y", "9", 2)], ["0"])
    ledger.ask(asks.receipt(("A", "5", None)))
    ledger.ask(put(("A", "5", None)))
    ledger.ask(carry("A", "4", "Y", None))
    assert there(ledger) == ([("X", "5", 4), ("Y", "5", 3)], ["4"])


def test_what_one_batch_does_the_next_one_finds(ledger):
    """Bins that one command fills are picked by those behind it, also in the same batch."""
    begin(ledger, X={})
    ledger.ask(asks.record_stock("A", "6"))
    moved = carry("A", "6", None, "X"), asks.issue("A", "4"), carry("A", "1", "X", None)
    answers = ledger.ask(*moved, asks.issue("A", "3"))
    assert [each.record["code"] for each in answers] == [201, 201, 201, 409]
    assert there(ledger) == ([("X", "1", 3)], ["1"])
    ledger.ask(asks.issue("A", "2"))
    assert there(ledger) == ([("X", "0", 4)], ["0"])


def test_a_receipt_and_its_put_away_in_one_batch(ledger):
    begin(ledger, X={})
    ledger.ask(asks.receipt(("A", "6", None)))
    ledger.ask(put(("A", "2", None)), asks.receipt(("B", "3", "L1")), put(("B", "3", "L1")))
    assert there(ledger) == ([("X", "2", 1)], ["4"])
    assert there(ledger, "B") == ([("X", "3", 1)], ["0"])


def test_a_lot_that_was_mistyped_twice_stays_in_its_bin(ledger):
    begin(ledger, X={})
    ledger.ask(asks.receipt(("B", "3", "L1")))
    ledger.ask(carry("B", "3", None, "X", "L1"))
    ledger.ask(asks.correct("L1", "LI"))
    ledger.ask(asks.correct("LI", "L1"))
    assert there(ledger, "B") == ([("X", "3", 3), ("X", "0", 2)], ["0", "0"])


def test_tenants_have_bins_of_their_own(ledger):
    begin(ledger, X={})
    ledger.ask(asks.record_stock("A", "6"))
    other = {"Tenant_Id": "other"}
    for each in (
        ("item.upsert", {"sku": "A", "name": "x"}),
        ("location.upsert", {"code": "MAIN", "name": "x"}),
    ):
        ledger.ask(asks.ask(*each, **other))
    body = {"sku": "A", "location": "MAIN", "quantity": "6", "reason": "r"}
    ledger.ask(asks.ask("stock.record", body, **other))
    line = {"sku": "A", "quantity": "1", "to_bin": "X"}
    refused = ledger.ask(asks.ask("bin.move", {"location": "MAIN", "lines": [line]}, **other))
    assert refused[0].record["problem"]["type"].endswith("unknown-bin")


def test_what_is_being_counted_in_peace_stays_in_its_bins(ledger):
    begin(ledger, X={})
    ledger.ask(asks.record_stock("A", "6"))
    counted = ledger.ask(asks.open_count(frozen=True))[0].body["count_id"]
    answers = ledger.ask(carry("A", "1", None, "X")) + ledger.ask(put(("A", "1", None)))
    assert [each.problem for each in answers] == ["stock-frozen"] * 2
    ledger.ask(asks.ask("count.cancel", {"count_id": counted, "reason": "r"}))
    assert ledger.ask(carry("A", "1", None, "X"))[0].problem is None


def test_two_who_fill_a_bin_at_once_never_put_more_into_it_than_it_holds(ledger, database_url):
    """Different items, different shards: nothing but the location's lock keeps them apart."""
    begin(ledger, X={"capacity": "15"})
    ledger.ask(asks.item("C"))
    ledger.ask(asks.record_stock("A", "20"), asks.record_stock("C", "20"))

    def fill(sku, partition):
        own = ledgers.Ledger(database_url).open()
        one = {"location": "MAIN", "lines": [{"sku": sku, "quantity": "1", "to_bin": "X"}]}
        answers = [own.ask(asks.ask("bin.move", one), partition=partition)[0] for _ in range(12)]
        own.close()
        return [each.problem for each in answers]

    with ThreadPoolExecutor(2) as both:
        told = [each for problems in both.map(fill, ("A", "C"), (1, 2)) for each in problems]
    assert (told.count(None), told.count("bin-full")) == (15, 9)
