"""Lots that are used up: nobody loads the thousands that a place has had, and any may come again."""

import pytest

import asks
from ledger import balances

PLACE = (asks.TENANT, "B", "MAIN")
LOTS = [f"L{number:02}" for number in range(20)]


@pytest.fixture
def shop(ledger):
    """Of B 20 lots were at MAIN and EAST and are used up; 5 of NEW lie at MAIN, which were none before."""
    ledger.ask(asks.item("B", track_by="batch"), asks.location("MAIN"), asks.location("EAST"))
    for place in ("MAIN", "EAST"):
        for lots in (LOTS, ["NEW"]):
            into(ledger, place, *lots)
            gone = [line(place, lot) for lot in lots]
            one(ledger, "stock.issue", {"to": "customer", "lines": gone, "reason_code": "r"})
    into(ledger, "MAIN", "NEW")
    return ledger


def line(place, lot, quantity="5"):
    return {"sku": "B", "location": place, "quantity": quantity, "lot": lot}


def one(ledger, kind, body):
    answer = ledger.ask(asks.ask(kind, body))[0]
    assert answer.problem is None
    return answer.record["resource"]["id"]


def into(ledger, place, *lots):
    return one(ledger, "receipt.post", {"lines": [line(place, lot) for lot in lots]})


def loaded(ledger, whole=(), stocked=(), named=()):
    with ledger.tx.transaction():
        return [level.key.lot for level in balances.lock(ledger.tx, whole, stocked, named)[0]]


@pytest.mark.parametrize(
    ("asked", "lots"),
    [
        ({"stocked": [PLACE]}, ["NEW"]),
        ({"named": [(*PLACE, "L03"), (*PLACE, "NONE")]}, ["L03"]),
        ({"named": [(*PLACE, "L03"), (*PLACE, "L05")], "stocked": [PLACE]}, ["L03", "L05", "NEW"]),
        ({"whole": [PLACE], "stocked": [PLACE], "named": [(*PLACE, "L03")]}, [*LOTS, "NEW"]),
        ({"stocked": [PLACE, (*PLACE[:2], "EAST")], "whole": []}, ["NEW"]),
    ],
)
def test_only_what_matters_is_loaded(shop, asked, lots):
    assert loaded(shop, **asked) == lots


def test_what_was_used_up_comes_again(shop):
    """By receipt, adjustment, count, return and transfer, which names no lot or one."""
    into(shop, "MAIN", "L00")
    adjusted = {"sku": "B", "location": "MAIN", "delta": "2", "reason_code": "r", "lot": "L01"}
    one(shop, "stock.adjust", adjusted)
    one(shop, "stock.record", {**line("MAIN", "L02", "3"), "reason": "r"})
    wanted = {k: v for k, v in line("MAIN", None, "5").items() if k != "lot"}
    held = one(shop, "reservation.create", {"order_id": "SO", "lines": [wanted]})
    one(shop, "reservation.consume", {"reservation_id": held, "shipment_proof": asks.PROOF})
    back = {"line": 1, "quantity": "1", "lot": "L01", "disposition": "sellable", "location": "EAST"}
    one(shop, "return.receive", {"reservation_id": held, "lines": [back], "reason": "r"})
    ends = {"from_location": "MAIN", "to_location": "EAST"}
    one(shop, "transfer.ship", {**ends, "lines": [{"sku": "B", "quantity": "5"}]})
    sent = one(
        shop, "transfer.ship", {**ends, "lines": [{"sku": "B", "quantity": "1", "lot": "NEW"}]}
    )
    one(shop, "transfer.receive", {"transfer_id": sent})
    count = one(shop, "count.open", {"location": "EAST"})
    counted = {"count_id": count, "counted_at": shop.now(), "lines": []}
    found = {"sku": "B", "quantity": "7", "lot": "L09"}
    one(shop, "count.record", {**counted, "lines": [found]})
    one(shop, "count.post", {"count_id": count})
    rows = shop.tx.execute(
        "SELECT location, lot, trim_scale(on_hand)::text, trim_scale(incoming)::text FROM balance"
        " WHERE on_hand <> 0 OR incoming <> 0 ORDER BY location, lot"
    ).fetchall()
    assert rows == [
        ("EAST", "L00", "0", "5"),
        ("EAST", "L01", "1", "0"),
        ("EAST", "L09", "7", "0"),
        ("EAST", "NEW", "1", "0"),
        ("MAIN", "NEW", "4", "0"),
    ]
