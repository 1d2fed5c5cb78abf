"""Commands over real topics: each is applied once, whoever sends it, how often and where."""

import threading
from decimal import Decimal

import pytest

import asks
from processes import eventually

STOCK = 100
WRITERS = 200


@pytest.fixture
def shop(pipeline):
    """Items A (100 in stock) and B (by lot), one location, and a worker of every module."""
    pipeline.start()
    pipeline.ask(asks.item("A"), asks.item("B", track_by="batch"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", str(STOCK)), asks.record_stock("B", "7", lot="L1"))
    return pipeline


def balance(pipeline, sku):
    rows = pipeline.query("SELECT on_hand, reserved FROM balance WHERE sku = %s", sku)
    return tuple(Decimal(each) for each in rows[0])


def test_two_hundred_writers_are_granted_what_is_there_and_no_more(shop):
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(WRITERS)]

    def write(number):
        shop.send(wanted[number], partition=number % 4)

    threads = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    answers = shop.answers(*wanted)
    assert sum(each["status"] == "applied" for each in answers) == STOCK
    refused = [each["problem"]["type"] for each in answers if each["status"] == "rejected"]
    assert len(refused) == WRITERS - STOCK
    assert {each.rpartition("/")[2] for each in refused} == {"insufficient-stock"}
    assert balance(shop, "A") == (STOCK, STOCK)


def test_lines_that_name_the_same_item_are_counted_together(shop):
    over, within = shop.ask(
        asks.reserve(asks.line("A", "60"), asks.line("A", "60")),
        asks.reserve(asks.line("A", "60"), asks.line("A", "40")),
    )
    assert over["code"] == 409
    assert over["problem"]["lines"] == [
        {
            "line": 2,
            "sku": "A",
            "location": "MAIN",
            "lot": None,
            "requested": "60",
            "available": "40",
        }
    ]
    assert within["status"] == "applied"
    assert balance(shop, "A") == (100, 100)


def again(asked, number):
    """The same command under a new request, as a client that lost the answer sends it."""
    return asks.Ask({**asked.headers, "Request-Id": f"again-{number}"}, asked.body)


def test_a_repeat_is_answered_with_the_first_result_and_changes_nothing(shop):
    first = asks.reserve(asks.line("A", "3"))
    together = [again(first, 1), again(first, 2)]
    answers = shop.ask(first, *together)
    (later,) = shop.ask(again(first, 3))
    (elsewhere,) = shop.ask(again(first, 4), partition=2)
    assert [each["replayed"] for each in answers] == [False, True, True]
    for each in (*answers[1:], later, elsewhere):
        assert each["replayed"] is True
        assert {
            name: each[name] for name in ("status", "code", "resource", "body", "position")
        } == {name: answers[0][name] for name in ("status", "code", "resource", "body", "position")}
    assert balance(shop, "A") == (100, 3)


def test_a_rejection_is_replayed_too_even_when_it_would_now_succeed(shop):
    asked = asks.reserve(asks.line("A", "101"))
    (first,) = shop.ask(asked)
    shop.ask(asks.record_stock("A", "500"))
    (second,) = shop.ask(again(asked, 1))
    assert (first["code"], second["code"]) == (409, 409)
    assert second["replayed"] is True
    assert second["problem"] == {**first["problem"], "request_id": "again-1"}


def test_a_key_that_was_used_for_something_else_is_refused(shop):
    first = asks.reserve(asks.line("A", "3"))
    other = asks.Ask({**first.headers, "Request-Id": "other"}, {**first.body, "order_id": "SO-2"})
    kind = asks.Ask(
        {**first.headers, "Request-Id": "kind", "Command-Type": "reservation.release"},
        {"reservation_id": "x", "reason": "y"},
    )
    shop.send(first, other, kind)
    _, *refused = shop.answers(first, other, kind)
    for each in refused:
        assert (each["status"], each["code"], each["replayed"]) == ("rejected", 422, False)
        assert each["problem"]["type"].endswith("/idempotency-key-reused")
    assert balance(shop, "A") == (100, 3)


def test_the_same_commands_on_two_partitions_at_once_are_applied_once(shop):
    shop.start("reservations")
    first = [asks.reserve(asks.line("A", "1")) for _ in range(300)]
    second = [again(asked, number) for number, asked in enumerate(first)]
    threads = [
        threading.Thread(target=shop.send, args=part, kwargs={"partition": number})
        for number, part in enumerate((first, second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    ones, others = shop.answers(*first), shop.answers(*second)
    for one, other in zip(ones, others, strict=True):
        assert {one["replayed"], other["replayed"]} == {False, True}
        assert one["resource"] == other["resource"]
    assert balance(shop, "A") == (100, 100)


def test_release_gives_back_and_consume_ships(shop):
    made = shop.ask(asks.reserve(asks.line("A", "10")), asks.reserve(asks.line("B", "7")))
    one, two = (each["resource"]["id"] for each in made)
    part, rest, late, shipped, unproved = shop.ask(
        asks.release(one, [{"line": 1, "quantity": "4"}]),
        asks.consume(one),
        asks.release(one),
        asks.consume(two, [{"line": 1, "quantity": "5"}]),
        asks.ask("reservation.consume", {"reservation_id": two}),
    )
    assert part["body"]["status"] == "active"
    assert part["body"]["lines"][0]["released"] == "4"
    assert rest["body"]["status"] == "consumed"
    assert rest["body"]["lines"][0]["consumed"] == "6"
    assert late["code"] == 409
    assert late["problem"]["type"].endswith("/reservation-not-active")
    assert shipped["body"]["status"] == "active"
    assert unproved["code"] == 422
    assert unproved["problem"]["errors"] == [
        {"pointer": "/shipment_proof", "detail": "Field required"}
    ]
    assert balance(shop, "A") == (94, 0)
    assert balance(shop, "B") == (2, 2)


def test_an_expired_reservation_gives_back_by_itself(shop):
    (made,) = shop.ask(asks.reserve(asks.line("A", "100"), expires_at="2026-11-21T00:00:00+00:00"))
    assert made["status"] == "applied"
    named = made["resource"]["id"]

    def expired():
        rows = shop.query("SELECT status FROM reservation WHERE reservation_id = %s", named)
        return rows == [("expired",)]

    eventually("the reservation expires", expired)
    assert balance(shop, "A") == (100, 0)
    (late,) = shop.ask(asks.consume(named))
    assert late["problem"]["reservation_status"] == "expired"
