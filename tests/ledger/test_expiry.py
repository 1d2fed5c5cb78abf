"""A promise whose time has run out: its stock is free for the very next command that needs it."""

import pytest

import asks

PAST = "2026-11-01T00:00:00+00:00"


@pytest.fixture
def shop(ledger):
    ledger.ask(asks.item("A"), asks.location("MAIN"))
    ledger.ask(asks.record_stock("A", "10"))
    return ledger


def test_a_create_gets_the_stock_of_a_promise_that_ran_out(shop):
    (old,) = shop.ask(asks.reserve(asks.line("A", "10"), expires_at=PAST))
    (new,) = shop.ask(asks.reserve(asks.line("A", "10")), partition=3)
    assert (old.status, new.status) == ("applied", "applied")
    (late,) = shop.ask(asks.consume(old.body["reservation_id"]))
    assert late.problem == "reservation-not-active"
    assert late.record["problem"]["reservation_status"] == "expired"


def test_time_counts_before_anyone_has_swept(shop):
    reserve = asks.reserve(asks.line("A", "10"), expires_at=PAST)
    named = f"rsv-{512:04x}{0:011x}"
    made, shipped = shop.ask(reserve, asks.consume(named))
    assert made.body["reservation_id"] == named
    assert shipped.problem == "reservation-not-active"


def test_no_client_can_take_the_key_of_an_expiry(shop):
    named = f"rsv-{512:04x}{0:011x}"
    thief = asks.ask(
        "reservation.release",
        {"reservation_id": "rsv-x", "reason": "r"},
        f"expire-{named}",
        Source_System="inventory-worker",
    )
    shop.ask(asks.reserve(asks.line("A", "10"), expires_at=PAST), thief)
    (new,) = shop.ask(asks.reserve(asks.line("A", "10")))
    assert new.status == "applied"


def test_what_ran_out_is_given_back_when_nobody_asks(shop):
    shop.ask(asks.reserve(asks.line("A", "10"), expires_at=PAST))
    (flushed,) = shop.apply([], "reservations")
    assert [each["command_type"] for each in flushed.records if each["kind"] == "command"] == [
        "reservation.expire"
    ]
