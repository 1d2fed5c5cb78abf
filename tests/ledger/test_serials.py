"""Serials in a real ledger: unique over their whole life, promised once, and all of it proved."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import asks
import ledgers
from ledger import serials

pytestmark = pytest.mark.usefixtures("ledger")


@pytest.fixture
def shop(ledger):
    ledger.ask(
        asks.item("S", track_by="serial"),
        asks.item("T", track_by="serial"),
        asks.location("MAIN"),
        asks.location("EAST"),
    )
    return ledger


def stands(ledger, sku="S"):
    rows = ledger.tx.execute(
        "SELECT serial, account, reservation_id, version FROM serial WHERE sku = %s ORDER BY serial",
        [sku],
    )
    return {serial: rest for serial, *rest in rows}


def ok(answers):
    assert [(each.code, each.record.get("problem")) for each in answers if each.problem] == []
    return [each.record["resource"]["id"] for each in answers]


def test_a_unit_goes_out_and_comes_back_as_the_same(shop):
    ok(shop.ask(asks.take_in(asks.units("S", ("SN1", "SN3")))))
    rsv = ok(shop.ask(asks.reserve(asks.units("S", "SN1"))))[0]
    assert stands(shop)["SN1"] == ["MAIN", rsv, 2]
    ok(shop.ask(asks.consume(rsv)))
    assert stands(shop)["SN1"] == ["@customer", None, 3]
    again = shop.ask(
        asks.take_in(asks.units("S", "SN1", "SN2")),
        asks.take_in(asks.units("S", "SN1"), source="customer"),
    )
    assert [each.problem for each in again] == ["serial-present", None]
    assert again[0].record["problem"]["serials"] == ["SN2"]
    assert stands(shop)["SN1"] == ["MAIN", None, 4]
    moved = shop.tx.execute(
        "SELECT from_account, to_account FROM serial_movement"
        " JOIN movement USING (tenant_id, shard, sequence, entry, sku)"
        " WHERE serial_movement.serial = 'SN1' ORDER BY moved_at, shard"
    ).fetchall()
    assert moved == [("@vendor", "MAIN"), ("MAIN", "@customer"), ("@customer", "MAIN")]


def test_a_reservation_of_any_unit_is_named_when_it_ships(shop):
    ok(shop.ask(asks.take_in(asks.units("S", ("SN1", "SN3")), asks.units("T", "SN1"))))
    late, named = ok(
        shop.ask(asks.reserve(asks.line("S", "2")), asks.reserve(asks.units("S", "SN2")))
    )
    part = [{"line": 1, "quantity": "1", "serials": ["SN2"]}]
    refused = shop.ask(asks.consume(late), asks.consume(late, part))
    assert [each.problem for each in refused] == ["serial-rule", "serial-not-available"]
    part[0]["serials"] = ["SN1"]
    ok(shop.ask(asks.consume(late, part), asks.release(named), asks.release(late)))
    assert stands(shop) == {
        "SN1": ["@customer", None, 2],
        "SN2": ["MAIN", None, 3],
        "SN3": ["MAIN", None, 1],
    }
    assert stands(shop, "T") == {"SN1": ["MAIN", None, 1]}


def test_a_reservation_made_and_shipped_in_one_batch(shop):
    ok(shop.ask(asks.take_in(asks.units("S", ("SN1", "SN3")))))
    part = [{"line": 1, "quantity": "2", "serials": ["SN1", "SN3"]}]
    ok(shop.ask(asks.reserve(asks.line("S", "2")), asks.consume("rsv-020000000000000", part)))
    assert {serial: where for serial, (where, *_) in stands(shop).items()} == {
        "SN1": "@customer",
        "SN2": "MAIN",
        "SN3": "@customer",
    }


def test_a_transfer_by_units_arrives_in_part_and_the_rest_is_lost(shop):
    ok(shop.ask(asks.take_in(asks.units("S", ("SN1", "SN4")))))
    line = {"sku": "S", "quantity": "3", "serials": [{"from": "SN1", "to": "SN3"}]}
    body = {"from_location": "MAIN", "to_location": "EAST", "lines": [line]}
    trf = ok(shop.ask(asks.ask("transfer.ship", body)))[0]
    part = [{"line": 1, "quantity": "1", "serials": ["SN2"]}]
    arrive = {"transfer_id": trf, "lines": part}
    answers = shop.ask(
        asks.receive(trf, (1, "1")),
        asks.ask("transfer.receive", arrive),
        asks.ask("transfer.receive", arrive),
    )
    assert [each.problem for each in answers] == ["serial-rule", None, "serial-rule"]
    assert answers[1].body["lines"][0]["serials"] == ["SN1", "SN3"]
    close = {"transfer_id": trf, "rest": "lost", "reason": "r"}
    ok(shop.ask(asks.ask("transfer.close", close)))
    assert {serial: where for serial, (where, *_) in stands(shop).items()} == {
        "SN1": "@loss",
        "SN2": "EAST",
        "SN3": "@loss",
        "SN4": "MAIN",
    }


def test_a_count_finds_some_and_misses_others(shop):
    ok(shop.ask(asks.take_in(asks.units("S", ("SN1", "SN4")))))
    count = {"sku": "S", "location": "MAIN", "quantity": "3", "reason": "count"}
    found = {**count, "serials": ["SN2", "SN4", "SN9"]}
    answer = shop.ask(asks.ask("stock.record", count), asks.ask("stock.record", found))
    assert [each.problem for each in answer] == ["serial-rule", None]
    body = answer[1].body
    assert (body["difference"], body["found"], body["missing"]) == ("-1", ["SN9"], ["SN1", "SN3"])
    empty = {**count, "quantity": "0", "serials": []}
    ok(shop.ask(asks.ask("stock.record", empty)))
    assert {where for where, *_ in stands(shop).values()} == {"@loss"}


def test_ten_thousand_units_in_one_receipt(shop):
    answers = shop.ask(asks.take_in(asks.units("S", ("SN00001", "SN10000"))))
    ok(answers)
    assert len(str(answers[0].record)) < 5_000
    assert shop.tx.execute("SELECT count(*), sum(quantity) FROM movement").fetchone() == (1, 10_000)
    assert shop.tx.execute("SELECT count(*) FROM serial_movement").fetchone() == (10_000,)
    assert len(stands(shop)) == 10_000


def test_two_batches_that_bring_the_same_unit_agree(shop):
    other = ledgers.Ledger(shop.url).open()
    ok(shop.ask(asks.take_in(asks.units("S", "SN1"))))
    said = other.ask(asks.take_in(asks.units("S", "SN1")), partition=1)
    other.close()
    assert said[0].problem == "serial-present"


def test_two_at_once_that_want_the_same_unit(shop):
    """Of six pairs that promise one unit at the same time each time one gets it."""
    ok(shop.ask(asks.take_in(asks.units("S", ("SN01", "SN12")))))
    others = [ledgers.Ledger(shop.url).open() for _ in range(2)]
    for number in range(1, 7):
        wanted = asks.units("S", f"SN{number:02}")
        with ThreadPoolExecutor(2) as both:
            tries = [
                both.submit(other.ask, asks.reserve(wanted), partition=1 + at)
                for at, other in enumerate(others)
            ]
            said = [each.result()[0].problem for each in tries]
        assert sorted(said, key=str) == [None, "serial-not-available"]
    for other in others:
        other.close()


def test_a_lot_that_was_another_moves_with_its_dates(shop):
    shop.ask(asks.item("B", track_by="batch"))
    ok(shop.ask(asks.receipt(("B", "10", "L1O"), expires_on="3000-01-31")))
    ok(shop.ask(asks.reserve(asks.line("B", "4"))))
    said = shop.ask(asks.correct("L1O", "L10"), asks.correct("L1O", "L10", "6"))
    assert [each.problem for each in said] == ["insufficient-stock", None]
    rows = shop.tx.execute(
        "SELECT b.lot, trim_scale(on_hand)::text, expires_on::text FROM balance b"
        " JOIN lot USING (tenant_id, sku, lot) WHERE sku = 'B' ORDER BY lot"
    ).fetchall()
    assert rows == [("L10", "6", "3000-01-31"), ("L1O", "4", "3000-01-31")]


def back(reservation_id, *lines):
    body = {"reservation_id": reservation_id, "lines": list(lines), "reason": "too small"}
    return asks.ask("return.receive", body)


def test_units_come_back_to_the_order_that_they_left_by(shop):
    """Two orders of three units; one unit comes back fit, one broken, one is thrown away."""
    ok(shop.ask(asks.take_in(asks.units("S", ("SN1", "SN6")))))
    mine, other = ok(
        shop.ask(
            asks.reserve(asks.units("S", ("SN1", "SN3"))),
            asks.reserve(asks.units("S", ("SN4", "SN6"))),
        )
    )
    ok(shop.ask(asks.consume(mine), asks.consume(other)))

    def line(quantity, disposition, *serials):
        named = {"serials": list(serials)} if serials else {}
        return {"line": 1, "quantity": quantity, "disposition": disposition, **named}

    said = shop.ask(
        back(mine, line("1", "sellable")),
        back(mine, line("1", "sellable", "SN4")),
        back(mine, line("1", "sellable", "SN9")),
        back(mine, line("1", "sellable", "SN1"), line("1", "damaged", "SN1")),
    )
    assert [each.problem for each in said] == ["serial-rule"] + ["serial-not-available"] * 3
    fit = {**line("1", "quarantine", "SN1"), "location": "EAST"}
    ok(shop.ask(back(mine, fit, line("1", "damaged", "SN2"), line("1", "discarded", "SN3"))))
    assert [row[0] for row in stands(shop).values()] == ["EAST", "@scrap", "@loss"] + [
        "@customer"
    ] * 3
    again = shop.ask(back(mine, line("1", "sellable", "SN1")), back(other, line("1", "sellable")))
    assert [each.problem for each in again] == ["return-exceeds-shipment", "serial-rule"]


LOOKUPS = {
    "lock": (["default"] * 2, ["S"] * 2, ["SN0001", "SN0500"]),
    "of_any_item": (["default"] * 2, ["SN0001", "SN0500"]),
    "at": (["default"] * 2, ["S", "T"], ["MAIN", "MAIN"]),
}


@pytest.mark.parametrize(("name", "found"), [("lock", 2), ("of_any_item", 2), ("at", 1000)])
def test_a_lookup_reads_what_it_names_and_nothing_beside(shop, name, found):
    """A thousand units of one item, in a table without statistics, as it is for its first minutes."""
    ok(shop.ask(asks.take_in(asks.units("S", ("SN0001", "SN1000")))))
    explain = "EXPLAIN (ANALYZE) " + getattr(serials, f"_{name.upper()}")
    plan = [line for (line,) in shop.tx.execute(explain, LOOKUPS[name])]
    assert f"rows={found}.00" in plan[0]
    assert [line for line in plan if "Rows Removed by Filter" in line] == []
