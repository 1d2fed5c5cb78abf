"""The proof from the last verified point on: what it finds, and what only a full one does."""

from datetime import timedelta

import psycopg
import pytest

import asks
from ledger.verify import run
from ledger.verify.progress import Progress

RETENTION = timedelta(days=30)
FORGE = "SET session_replication_role = replica"  # past the triggers that forbid it


@pytest.fixture
def history(unproved_ledger):
    """Catalog, counts and a first promise, then a verified point; more promises behind it."""
    ledger = unproved_ledger
    ledger.ask(asks.item("A"), asks.item("B"), asks.location("MAIN"))
    ledger.ask(asks.record_stock("A", "10"), asks.record_stock("B", "5"))
    made = ledger.ask(
        asks.reserve(asks.line("A", "1")),
        asks.reserve(asks.line("A", "2")),
        asks.reserve(asks.line("B", "1")),
    )
    assert run(ledger.url, RETENTION, keep=True).passed
    ledger.ask(asks.release(made[0].record["resource"]["id"]), asks.reserve(asks.line("A", "3")))
    ledger.ask(asks.reserve(asks.line("B", "2")), partition=1)
    delta = {"sku": "B", "location": "MAIN", "delta": "4", "reason_code": "count"}
    ledger.ask(asks.ask("stock.adjust", delta))
    return ledger


def incremental(ledger, *, keep=False):
    return run(ledger.url, RETENTION, full=False, keep=keep)


def forge(ledger, lie):
    with psycopg.connect(ledger.url) as connection:
        connection.execute(FORGE)
        assert connection.execute(lie).rowcount > 0


def test_an_incremental_proof_looks_at_what_came_behind_the_point(history):
    report = incremental(history)
    assert report.passed, report.lines()
    assert not report.full
    rows = {check.name: check.rows for check in report.checks}
    assert rows["hash chain"] == 7  # four commands, and three batches' new levels
    assert rows["movements"] == 1
    assert rows["reservations"] == 3
    assert rows["on hand"] == 2, "every balance is looked at"
    assert report.digest == run(history.url, RETENTION).digest


def test_points_follow_each_other(history):
    assert incremental(history, keep=True).passed
    report = incremental(history)
    assert report.passed, report.lines()
    assert {check.name: check.rows for check in report.checks}["hash chain"] == 0
    history.ask(asks.reserve(asks.line("A", "1")))
    assert incremental(history, keep=True).passed
    assert run(history.url, RETENTION).passed


def test_without_a_point_the_first_proof_is_a_full_one(unproved_ledger):
    unproved_ledger.ask(asks.item("A"))
    assert incremental(unproved_ledger, keep=True).full
    assert not incremental(unproved_ledger).full


def test_a_point_is_kept_only_where_nothing_is_wrong(history):
    forge(history, "UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A'")
    assert not incremental(history, keep=True).passed
    forge(history, "UPDATE balance SET on_hand = on_hand - 1 WHERE sku = 'A'")
    report = incremental(history)
    assert report.passed, report.lines()
    assert {check.name: check.rows for check in report.checks}["hash chain"] == 7


BEHIND = [
    ("UPDATE journal SET hash = sha256(hash) WHERE shard = 513", "hash chain"),
    ("DELETE FROM journal WHERE shard = 513 AND sequence = 2", "hash chain"),
    ("DELETE FROM journal WHERE shard = 513", "hash chain"),
    ("DELETE FROM journal WHERE shard = 512 AND sequence = 6", "sequences"),
    ("UPDATE shard SET next_offset = 4 WHERE shard = 512", "offsets"),
    ("UPDATE movement SET quantity = 5 WHERE quantity = 4", "movements"),
    ("UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A'", "on hand"),
    ("UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A'", "conservation"),
    ("UPDATE balance SET reserved = 0 WHERE sku = 'B'", "reserved"),
    ("UPDATE balance SET version = version + 1 WHERE sku = 'B'", "level records"),
    ("UPDATE reservation SET lines = replace(lines, '\"3\"', '\"4\"')", "reservations"),
    ("DELETE FROM reservation WHERE status = 'released'", "reservations"),
    ("DELETE FROM idempotency WHERE shard = 513", "idempotency"),
]  # fmt: skip
BEFORE = [
    ("UPDATE journal SET record = replace(record, 'The A', 'The Z') WHERE shard = 256", "hash chain"),
    ("DELETE FROM journal WHERE shard = 512 AND sequence = 2", "hash chain"),
    ("DELETE FROM journal WHERE shard = 256 AND sequence = 2", "sequences"),
    ("UPDATE movement SET actor_id = 'eve' WHERE sku = 'A'", "movements"),
    ("DELETE FROM movement WHERE sku = 'A'", "movements"),
    ("DELETE FROM reservation WHERE version = 1 AND lines LIKE '%\"B\"%\"1\"%'", "reservations"),
    ("UPDATE reservation SET status = 'released' WHERE lines LIKE '%\"A\"%\"2\"%'", "promises"),
    ("DELETE FROM idempotency WHERE shard = 512 AND sequence = 1", "idempotency"),
]  # fmt: skip


def found_by(report, check):
    found = next((each.wrong for each in report.checks if each.name == check), None)
    assert found is not None, "\n".join(report.lines())
    return found.table, found.key


@pytest.mark.parametrize(("lie", "check"), BEHIND)
def test_a_lie_behind_the_point_or_in_a_balance_is_found_at_once(history, lie, check):
    forge(history, lie)
    report = incremental(history)
    assert not report.passed
    assert found_by(report, check) == found_by(run(history.url, RETENTION), check)


@pytest.mark.parametrize(("lie", "check"), BEFORE)
def test_a_lie_before_the_point_is_found_by_a_full_proof_only(history, lie, check):
    forge(history, lie)
    assert incremental(history).passed, "docs/runbooks/verify-failed.md says that it would not be"
    assert found_by(run(history.url, RETENTION), check)


def test_a_chain_without_its_segment_is_missed_by_its_shard(history):
    forge(history, "DELETE FROM segment WHERE shard = 513")
    assert found_by(incremental(history), "sequences") == ("shard", "shard 513")


@pytest.mark.parametrize("full", [False, True])
def test_a_history_written_anew_with_its_hashes_does_not_lead_to_the_point(history, full):
    forge(history, "UPDATE journal SET hash = sha256('anew') WHERE shard = 256 AND sequence = 3")
    forge(history, "UPDATE segment SET head = sha256('anew') WHERE shard = 256")
    report = run(history.url, RETENTION, full=full)
    where = ("journal", "tenant default shard 256 sequence 3")
    assert found_by(report, "verified point") == where


@pytest.mark.slow  # it waits as long as a session may wait for a lock
def test_two_proofs_do_not_keep_their_points_at_once(history):
    with psycopg.connect(history.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(7150202)")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            incremental(history, keep=True)
        assert incremental(history).passed


def test_progress_is_told_now_and_then():
    told = []
    progress = Progress(told.append, every_seconds=0)
    progress.expect(4000)
    progress.came_by(2000)
    progress.begin("movements")
    assert told[0].startswith("2,000 of 4,000 journal rows, ")
    assert told[1] == "comparing: movements"
    quiet = Progress(told.append)
    quiet.came_by(2000)
    assert len(told) == 2
