"""Items in a real ledger: codes that belong to one of them, and those that are not active."""

import asks

MILK = "4006381333931"


def described(sku, *codes, **fields):
    return asks.item(sku, barcodes=[{"code": code} for code in codes], **fields)


def claimed(ledger):
    return ledger.tx.execute("SELECT code, sku FROM barcode ORDER BY code").fetchall()


def test_a_code_passes_from_one_item_to_another_in_one_batch(ledger):
    ledger.ask(described("A", MILK))
    given_up, taken = ledger.ask(described("A"), described("B", MILK))
    assert (given_up.code, taken.code) == (200, 201)
    assert claimed(ledger) == [("0" + MILK, "B")]
    refused = ledger.ask(described("A", "0" + MILK))[0]
    assert (refused.problem, refused.record["problem"]["sku"]) == ("barcode-taken", "B")


def test_one_that_is_not_active_is_known_without_its_description_being_read(ledger):
    """A promise of an item that is stocked reads its balances only."""
    ledger.ask(asks.item("A"), asks.item("B"), asks.location("MAIN"))
    ledger.ask(asks.record_stock("A", "5"), asks.record_stock("B", "5"))
    made = ledger.ask(asks.reserve(asks.line("A", "1")))[0].record["resource"]["id"]
    ledger.ask(asks.item("A", active=False))
    refused, other, released = ledger.ask(
        asks.reserve(asks.line("A", "1")), asks.reserve(asks.line("B", "1")), asks.release(made)
    )
    assert (refused.code, refused.problem) == (409, "item-inactive")
    assert (other.code, released.code) == (201, 200)
    assert ledger.ask(asks.receipt(("A", "1", None)))[0].problem == "item-inactive"
    assert ledger.ask(asks.record_stock("A", "7"), asks.issue("A", "2"))[1].code == 201
    ledger.ask(asks.item("A", active=True))
    assert ledger.ask(asks.reserve(asks.line("A", "5")))[0].code == 201


def test_what_has_variants_becomes_none(ledger):
    ledger.ask(asks.item("A"), asks.item("B"), asks.item("A-1", variant_of="A"))
    assert ledger.ask(asks.item("A", variant_of="B"))[0].problem == "variant-rule"
    assert ledger.ask(asks.item("B", variant_of="A"))[0].code == 200
