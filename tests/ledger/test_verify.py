"""The proof: it passes over an honest history, and names the first row of every kind of lie."""

from datetime import timedelta

import psycopg
import pytest

import asks
from ledger.resets import Reset, reset
from ledger.verify import run

RETENTION = timedelta(days=30)
FORGE = "SET session_replication_role = replica"  # past the triggers that forbid it


@pytest.fixture
def history(unproved_ledger):
    """A little of everything: stock in lots and without, held, promised and given back; refusals."""
    ledger = unproved_ledger
    ledger.ask(asks.item("A"), asks.item("B", track_by="batch"), asks.location("MAIN"))
    ledger.ask(
        asks.record_stock("A", "10"),
        asks.record_stock("B", "5", lot="L1"),
        asks.record_stock("B", "2.5", lot="L2"),
    )
    placed = ledger.ask(
        asks.lot("L1", expires_on="2999-12-31"),
        asks.hold("A", "2"),
    )
    ledger.ask(asks.give_back(placed[1].record["resource"]["id"], "1"))
    ledger.ask(asks.item("C"), asks.location("EAST"), partition=1)
    ledger.ask(asks.record_stock("C", "3"), partition=1)
    ledger.ask(asks.receipt(("B", "1", "L3"), expires_on="3000-01-31"))
    ledger.ask(asks.issue("C", "1"), partition=1)
    shipped = ledger.ask(asks.ship(("C", "1"), ("B", "0.5")))[0].record["resource"]
    ledger.ask(asks.receive(shipped["id"], (1, "0.25")))
    made = ledger.ask(
        asks.reserve(asks.line("A", "3"), asks.line("B", "6"), key="first"),
        asks.reserve(asks.line("A", "2")),
        asks.reserve(asks.line("A", "100")),
        partition=1,
    )
    first, second = (each.record["resource"] for each in made[:2])
    ledger.ask(asks.consume(first["id"], [{"line": 2, "quantity": "5.5"}]))
    ledger.ask(asks.release(second["id"]), asks.reserve(asks.line("A", "1"), key="first"))
    ledger.apply([ledger.record([], b"{}")], "reservations")
    return ledger


def verify(ledger):
    return run(ledger.url, RETENTION)


def test_an_honest_history_is_proved(history):
    report = verify(history)
    assert report.passed, report.lines()
    idle = {check.name for check in report.checks if not check.rows}
    assert idle == {"verified point"}, "a check looked at nothing"


LIES = [
    (
        "UPDATE journal SET record = replace(record, '\"6\"', '\"7\"') WHERE shard = 513 AND sequence = 1",
        "hash chain",
        ("journal", "tenant default shard 513 sequence 1"),
    ),
    (
        "UPDATE journal SET hash = sha256(hash) WHERE shard = 513 AND sequence = 2",
        "hash chain",
        ("journal", "tenant default shard 513 sequence 2"),
    ),
    (
        "UPDATE journal SET recorded_at = recorded_at - interval '1 day' WHERE shard = 256",
        "hash chain",
        ("journal", "tenant default shard 256 sequence 1"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 2",
        "hash chain",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 3",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM segment WHERE shard = 256",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 2",
        "sequences",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "UPDATE shard SET next_sequence = 99 WHERE shard = 256",
        "sequences",
        ("shard", "shard 256"),
    ),
    (
        "UPDATE shard SET next_offset = 2 WHERE shard = 256",
        "offsets",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "UPDATE movement SET quantity = 11 WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
    ),
    (
        "UPDATE movement SET actor_id = 'eve' WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
    ),
    (
        "DELETE FROM movement WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
    ),
    (
        (
            "INSERT INTO movement SELECT tenant_id, shard, sequence, 2::smallint, sku, lot, serial,"
            " from_account, to_account, quantity, unit_cost, reason, document, actor_id, moved_at"
            " FROM movement WHERE sku = 'A'"
        ),
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 2"),
    ),
    (
        "UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A'",
        "on hand",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "DELETE FROM balance WHERE lot = 'L1'",
        "on hand",
        ("balance", "tenant default sku B location MAIN lot 'L1'"),
    ),
    (
        "UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A'",
        "conservation",
        ("balance and movement", "tenant default sku A lot '' over all accounts"),
    ),
    (
        "UPDATE balance SET reserved = 0 WHERE sku = 'A'",
        "reserved",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE balance SET reserved = 0 WHERE sku = 'A'",
        "promises",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    *(
        (
            "UPDATE balance SET held = 2 WHERE sku = 'A'",
            check,
            ("balance", "tenant default sku A location MAIN lot ''"),
        )
        for check in ("held", "holds", "level records")
    ),
    (
        "UPDATE hold SET lines = replace(lines, '\"2\"', '\"3\"')",
        "holds",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE hold SET status = 'released'",
        "described",
        ("hold", "tenant default hold hold-030000000000004"),
    ),
    (
        "UPDATE lot SET expires_on = '2999-12-30' WHERE lot = 'L3'",
        "described",
        ("lot", "tenant default lot (B,L3)"),
    ),
    (
        "UPDATE lot SET status = 'recalled'",
        "described",
        ("lot", "tenant default lot (B,L1)"),
    ),
    (
        "UPDATE reservation SET choices = NULL WHERE choices IS NOT NULL",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000000"),
    ),
    *(
        (
            "UPDATE balance SET incoming = 1 WHERE sku = 'C' AND location = 'EAST'",
            check,
            ("balance", "tenant default sku C location EAST lot ''"),
        )
        for check in ("incoming", "transfers", "level records")
    ),
    (
        "UPDATE transfer SET lines = replace(lines, '\"0.5\"', '\"0.7\"')",
        "transfers",
        ("balance", "tenant default sku B location EAST lot 'L1'"),
    ),
    (
        "UPDATE transfer SET from_location = 'WEST'",
        "described",
        ("transfer", "tenant default transfer trf-040000000000000"),
    ),
    (
        "UPDATE balance SET backorder_limit = 1 WHERE sku = 'A'",
        "available",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE balance SET version = version + 1 WHERE sku = 'A'",
        "level records",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE reservation SET status = 'active' WHERE status = 'released'",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000001"),
    ),
    (
        "UPDATE reservation SET lines = replace(lines, '\"3\"', '\"4\"')",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000000"),
    ),
    (
        "UPDATE reservation SET version = 7 WHERE status = 'released'",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000001"),
    ),
    (
        "DELETE FROM reservation WHERE status = 'released'",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000001"),
    ),
    (
        "UPDATE reservation SET status = 'released' WHERE status = 'active'",
        "promises",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "DELETE FROM idempotency WHERE shard = 256 AND sequence = 2",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 2"),
    ),
    (
        "UPDATE item SET name = 'B', version = 9 WHERE sku = 'A'",
        "described",
        ("item", "tenant default item A"),
    ),
    (
        "UPDATE dead_letter SET reason = 'too-large'",
        "dead letters",
        ("dead_letter", "tenant default shard 512 sequence 5"),
    ),
    (
        "DELETE FROM dead_letter",
        "dead letters",
        ("dead_letter", "tenant default shard 512 sequence 5"),
    ),
    (
        "UPDATE location SET actor_id = 'eve' WHERE code = 'MAIN'",
        "described",
        ("location", "tenant default location MAIN"),
    ),
    (
        "UPDATE publication SET published_up_to = 99 WHERE shard = 256",
        "publication",
        ("publication", "shard 256"),
    ),
    (
        "UPDATE idempotency SET sequence = 77 WHERE shard = 256 AND sequence = 3",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 3"),
    ),
    (
        "UPDATE idempotency SET identity = sha256('x') WHERE shard = 256 AND sequence = 2",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 2"),
    ),
]


@pytest.mark.parametrize(("lie", "check", "where"), LIES)
def test_a_lie_is_found_where_it_stands(history, lie, check, where):
    with psycopg.connect(history.url) as connection:
        connection.execute(FORGE)
        assert connection.execute(lie).rowcount > 0
    report = verify(history)
    assert not report.passed
    found = next(each.wrong for each in report.checks if each.name == check)
    assert found is not None, report.lines()
    assert (found.table, found.key) == where
    assert found.expected != found.found


def test_a_reservation_that_was_altered_before_its_next_command_is_found(history):
    with psycopg.connect(history.url) as connection:
        past = "UPDATE reservation SET expires_at = now() - interval '1 second'"
        connection.execute(f"{past} WHERE status = 'active'")
    history.apply([], "reservations")  # lets it expire
    wrong = {each.name: each.wrong for each in verify(history).checks}["reservations"]
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
    assert verify(history).passed, verify(history).lines()
    with psycopg.connect(history.url) as connection:
        connection.execute("UPDATE shard SET incarnation = 0")
    assert not verify(history).passed


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
    assert run(history.url, timedelta(0)).passed


def test_a_report_shows_the_wrong_row_to_people_and_to_programs(history):
    with psycopg.connect(history.url) as connection:
        connection.execute("UPDATE balance SET incoming = 1 WHERE sku = 'C' AND location = 'EAST'")
    report = verify(history)
    assert any(line.startswith("WRONG") for line in report.lines())
    assert any("incoming 1" in line for line in report.lines())
    told = report.as_json()
    assert told["passed"] is False
    wrong = [each["wrong"] for each in told["checks"] if each["name"] == "incoming"]
    assert wrong[0]["table"] == "balance"
