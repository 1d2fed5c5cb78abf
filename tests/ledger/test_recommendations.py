"""Recommendations in a real ledger: in one batch, over many places, by two at once."""

from threading import Thread

import asks
import ledgers
from ledger.replenishing import PLACES_MAX


def stocked(ledger, *skus):
    ledger.ask(*map(asks.item, skus), asks.location("MAIN"))
    ledger.ask(*(asks.record_stock(sku, "4") for sku in skus))


def standing(ledger):
    return ledger.tx.execute(
        "SELECT sku, status, trim_scale(quantity)::text FROM recommendation ORDER BY created_at, sku"
    ).fetchall()


def test_a_batch_may_say_how_and_generate_and_close(ledger):
    stocked(ledger, "A", "B")
    *_, made, again, closed, last = ledger.ask(
        asks.plan("A", "reorder-point"),
        asks.plan("B", "reorder-point", reorder_point="3"),
        asks.observe("A", demand=("2", "0"), lead_time=("5", "0")),
        asks.generate(),
        asks.generate(skus=["A"]),
        asks.close("rec-0c0000000000003-1", "accepted"),
        asks.generate(),
    )
    (told,) = made.body["created"]
    assert (told["recommendation_id"], told["quantity"]) == ("rec-0c0000000000003-1", "7")
    assert [each["because"] for each in again.body["skipped"]] == ["unchanged"]
    assert closed.code == 200
    assert [each["because"] for each in last.body["skipped"]] == ["enough", "enough"]
    assert standing(ledger) == [("A", "accepted", "7")]


def test_what_moves_later_is_seen_and_an_older_message_changes_nothing(ledger):
    stocked(ledger, "A")
    ledger.ask(asks.plan("A", "min-max", reorder_point="5", maximum="20"))
    asked = asks.generate()
    first = ledger.ask(asked)[0]
    ledger.ask(asks.issue("A", "3"))
    repeated = ledger.ask(asked)[0]
    assert (repeated.replayed, repeated.body) == (True, first.body)
    ledger.ask(asks.generate())
    assert standing(ledger) == [("A", "open", "19")]
    ledger.ask(asks.record_stock("A", "6"))
    ledger.ask(asks.generate())
    assert standing(ledger) == [("A", "withdrawn", "19")]


def test_thousands_of_places_take_several_commands(ledger):
    skus = [f"I-{number:04}" for number in range(PLACES_MAX + 30)]
    stocked(ledger, *skus)
    ledger.ask(*(asks.plan(sku, "reorder-point", reorder_point="9") for sku in reversed(skus)))
    first = ledger.ask(asks.generate())[0].body
    assert [each["sku"] for each in first["created"]] == skus[:PLACES_MAX]
    assert first["next"] == {"sku": skus[PLACES_MAX - 1], "location": "MAIN"}
    rest = ledger.ask(asks.generate(after=first["next"]))[0].body
    assert [each["sku"] for each in rest["created"]] == skus[PLACES_MAX:]
    assert rest["next"] is None


def test_two_who_generate_at_once_recommend_a_place_once(ledger):
    skus = [f"I-{number}" for number in range(40)]
    stocked(ledger, *skus)
    ledger.ask(*(asks.plan(sku, "reorder-point", reorder_point="9") for sku in skus))
    others = [ledgers.Ledger(ledger.url).open() for _ in range(2)]

    def generates(other, partition):
        for _ in range(10):
            assert other.ask(asks.generate(), partition=partition)[0].code == 200

    threads = [Thread(target=generates, args=(each, at)) for at, each in enumerate(others, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert [(sku, status) for sku, status, _ in standing(ledger)] == [
        (sku, "open") for sku in sorted(skus)
    ]


def test_tenants_do_not_see_each_other(ledger):
    stocked(ledger, "A")
    ledger.ask(asks.plan("A", "reorder-point", reorder_point="9"))
    other = asks.ask("recommendation.generate", {}, Tenant_Id="other")
    mine, theirs = ledger.ask(asks.generate(), other)
    assert (mine.body["considered"], theirs.body["considered"]) == (1, 0)
    named = mine.body["created"][0]["recommendation_id"]
    body = {"recommendation_id": named, "outcome": "accepted"}
    assert ledger.ask(asks.ask("recommendation.close", body, Tenant_Id="other"))[0].code == 404
