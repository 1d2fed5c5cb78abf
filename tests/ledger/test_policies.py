"""Policies in a real ledger: the limits that balances keep, and who waits for whom."""

import threading

import psycopg
import pytest

import asks


def policy(sku="A", **fields):
    return asks.ask("policy.set", {"sku": sku, **fields})


def limits(ledger):
    rows = ledger.tx.execute(
        "SELECT location, trim_scale(backorder_limit), trim_scale(negative_limit) FROM balance"
        " WHERE sku = 'A' ORDER BY location"
    ).fetchall()
    return {location: tuple(map(int, each)) for location, *each in rows}


@pytest.fixture
def shop(ledger):
    ledger.ask(asks.item("A"), asks.location("MAIN"), asks.location("EAST"))
    ledger.ask(asks.record_stock("A", "5"))
    return ledger


def test_balances_keep_the_limits_of_their_policies(shop):
    shop.ask(policy(backorder_limit="3"), policy(location="EAST", negative_limit="2"))
    assert limits(shop) == {"MAIN": (3, 0)}
    shop.ask(asks.reserve(asks.line("A", "8"), asks.line("A", "3", at="EAST")))
    assert limits(shop) == {"MAIN": (3, 0), "EAST": (3, 2)}
    refused = shop.ask(policy(location="MAIN", backorder_limit="2"))[0]
    assert (refused.code, refused.problem) == (409, "policy-in-use")
    assert shop.ask(policy(location="MAIN", backorder_limit="4"))[0].code == 201
    assert limits(shop) == {"MAIN": (4, 0), "EAST": (3, 2)}


def test_backorders_are_filled_by_a_receipt_and_shipped(shop):
    shop.ask(policy(backorder_limit="3"))
    made = shop.ask(asks.reserve(asks.line("A", "8")))[0].record["resource"]["id"]
    assert shop.ask(asks.consume(made))[0].problem == "insufficient-stock"
    shop.ask(asks.receipt(("A", "3", None)))
    assert shop.ask(asks.consume(made))[0].code == 200


def test_a_dispatch_below_zero_is_kept_and_counted_up(shop):
    shop.ask(policy(negative_limit="2"))
    gone = {"to": "customer", "reason_code": "gone", "allow_negative": True}
    asked = [
        asks.ask("stock.issue", {**gone, "lines": [asks.line("A", quantity)]})
        for quantity in ("7", "1")
    ]
    first, second = shop.ask(*asked)
    assert (first.code, second.problem) == (201, "insufficient-stock")
    assert shop.proof().passed
    assert shop.ask(asks.record_stock("A", "4"))[0].body["difference"] == "6"


def test_a_line_is_split_over_places_that_only_the_ledger_knows(shop):
    shop.ask(asks.record_stock("A", "4", at="EAST"))
    wanted = {**asks.line("A", "7"), "split": True}
    body = shop.ask(asks.reserve(wanted))[0].body
    assert [(each["location"], each["reserved"]) for each in body["lines"]] == [
        ("MAIN", "5"),
        ("EAST", "2"),
    ]


def test_the_buffers_of_other_places_count_for_a_line_that_is_split(shop):
    shop.ask(asks.record_stock("A", "4", at="EAST"))
    shop.ask(policy(buffers=[{"channel": "web", "quantity": "2"}]))
    wanted = {**asks.line("A", "9"), "split": True, "channel": "web"}
    body = shop.ask(asks.reserve(wanted, allow_partial=True))[0].body
    assert [(each["location"], each["reserved"]) for each in body["lines"]] == [
        ("MAIN", "3"),
        ("EAST", "2"),
    ]


def test_a_level_that_comes_into_being_beside_a_policy_has_its_limits(shop):
    """Whoever sets a policy holds the item's row; a new balance waits, and is decided anew."""
    with psycopg.connect(shop.url) as other:
        other.execute("SELECT 1 FROM item WHERE sku = 'A' FOR UPDATE")
        other.execute(
            "INSERT INTO policy (tenant_id, sku, location, backorder_limit, version, actor_id)"
            " VALUES ('default', 'A', '', 6, 1, 'ann')"
        )
        done = []
        receipt = asks.record_stock("A", "1", at="EAST")
        waits = threading.Thread(target=lambda: done.extend(shop.ask(receipt)))
        waits.start()
        waits.join(1)
        assert not done, "it did not wait"
        other.execute("UPDATE balance SET backorder_limit = 6 WHERE location = 'MAIN'")
        other.commit()
        waits.join(30)
    assert done[0].code == 201
    assert limits(shop) == {"MAIN": (6, 0), "EAST": (6, 0)}
    with psycopg.connect(shop.url) as tidy:  # no journal told of this policy
        tidy.execute("UPDATE balance SET backorder_limit = 0")
        tidy.execute("DELETE FROM policy")
