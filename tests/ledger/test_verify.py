"""The proof: it passes over an honest history, and over what an honest operator does to one."""

from datetime import timedelta

import psycopg
import pytest

import asks
from ledger import verify
from ledger.resets import Reset, reset


def test_an_honest_history_is_proved(history):
    report = history.proof()
    assert report.passed, report.lines()
    idle = {check.name for check in report.checks if not check.rows}
    assert idle == {"verified point"}, "a check looked at nothing"


def test_a_reservation_that_was_altered_before_its_next_command_is_found(history):
    with psycopg.connect(history.url) as connection:
        past = "UPDATE reservation SET expires_at = now() - interval '1 second'"
        connection.execute(f"{past} WHERE status = 'active'")
    history.apply([], "reservations")  # lets it expire
    wrong = {each.name: each.wrong for each in history.proof().checks}["reservations"]
    assert wrong.key == "tenant default reservation rsv-020100000000000"


def test_a_topic_made_anew_may_count_from_the_beginning_again(history):
    with psycopg.connect(history.url) as connection:
        rows = connection.execute("SELECT shard, next_offset, topic_id FROM shard").fetchall()
        made_anew = [
            Reset(shard, "new topic", "it is", offset, 0, topic_id, "new", new_incarnation=True)
            for shard, offset, topic_id in rows
        ]
        reset(connection, made_anew, "a test")
    history.offsets.clear()
    history.ask(asks.reserve(asks.line("A", "1")), asks.reserve(asks.line("A", "1")))
    history.apply([history.record([], b"{}")], "reservations")
    assert history.proof().passed, history.proof().lines()
    with psycopg.connect(history.url) as connection:
        connection.execute("UPDATE shard SET incarnation = 0")
    assert not history.proof().passed


def test_history_refuses_to_be_changed_by_ordinary_means(history):
    for statement in ("UPDATE journal SET hash = ''", "DELETE FROM movement"):
        with (
            psycopg.connect(history.url) as connection,
            pytest.raises(psycopg.errors.RestrictViolation),
        ):
            connection.execute(statement)


def test_an_aged_out_idempotency_row_is_not_missed(history):
    with psycopg.connect(history.url) as connection:
        connection.execute("DELETE FROM idempotency WHERE shard = 256")
    assert verify.run(history.url, timedelta(0)).passed


def test_a_report_shows_the_wrong_row_to_people_and_to_programs(history):
    with psycopg.connect(history.url) as connection:
        connection.execute("UPDATE balance SET incoming = 1 WHERE sku = 'C' AND location = 'EAST'")
    report = history.proof()
    assert any(line.startswith("WRONG") for line in report.lines())
    assert any("incoming 1" in line for line in report.lines())
    told = report.as_json()
    assert told["passed"] is False
    wrong = [each["wrong"] for each in told["checks"] if each["name"] == "incoming"]
    assert wrong[0]["table"] == "balance"
