"""Producers and workers of two versions at once: nothing is set aside that both of them know.

What the contract says: a field that a worker does not know is a refusal (`invalid-command`, naming
it), not a dead letter, and not passed over in silence. So workers are upgraded before producers.
"""

import pytest

import asks
from processes import ROOT, eventually
from schemas.topics import COMMAND_PARTITIONS

NEWER = (str(ROOT / "tests" / "newer_version.py"),)
COMMANDS = 20


def newer(pipeline):
    return pipeline.start("reservations", program=NEWER)


def again(asked):
    headers = {**asked.headers, "Request-Id": f"{asked.headers['Request-Id']}-again"}
    return asks.Ask(headers, asked.body)


def by_partition(pipeline, asked):
    for number in range(COMMAND_PARTITIONS):
        pipeline.send(*asked[number::COMMAND_PARTITIONS], partition=number)


def have_worked(*workers):
    return all(each.metric("stockyard_commands_total") for each in workers)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_workers_of_two_versions_at_once_and_in_turn_agree_on_every_command(stocked):
    """A rolling restart: the older alone, both, the newer alone. Repeats cross all of it."""
    fault = stocked.fault("19 rolling restart to a newer version")
    first = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    older = stocked.start("reservations")
    by_partition(stocked, first)
    stocked.answers(*first)

    both = newer(stocked)
    eventually("they share the partitions", lambda: "partitions gained" in both.says())
    second = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    by_partition(stocked, [*second, *(again(each) for each in first)])
    stocked.answers(*second)
    fault.seen("both of them worked", eventually("both", lambda: have_worked(older, both)))

    older.end()
    fault.heal()
    third = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    by_partition(stocked, [*third, *(again(each) for each in second)])
    repeats = stocked.answers(*(again(each) for each in (*first, *second)))
    assert all(each["status"] == "applied" and each["replayed"] for each in repeats)
    assert all(each["status"] == "applied" for each in stocked.answers(*third))
    assert stocked.query("SELECT reserved::int FROM balance") == [(3 * COMMANDS,)]
    assert stocked.query("SELECT count(*) FROM dead_letter") == [(0,)]


@pytest.mark.slow
def test_a_field_of_a_newer_version_is_refused_by_name_and_costs_nobody_else(stocked):
    fault = stocked.fault("19 a producer newer than its workers")
    stocked.start("reservations")
    line = asks.line("A", "1")
    plain, noted, null = stocked.ask(
        asks.reserve(line), asks.reserve(line, note="x"), asks.reserve(line, note=None)
    )
    assert plain["status"] == "applied"
    for each in (noted, null):
        assert (each["status"], each["code"]) == ("rejected", 422)
        assert each["problem"]["type"].endswith("/invalid-command")
        assert [error["pointer"] for error in each["problem"]["errors"]] == ["/note"]
    fault.seen("the newer field was refused", noted["problem"])
    assert stocked.query("SELECT count(*) FROM dead_letter") == [(0,)]


@pytest.mark.slow
def test_what_was_refused_stays_refused_under_its_key_when_the_workers_are_newer(stocked):
    fault = stocked.fault("19 a producer newer than its workers, and its repeat after the upgrade")
    older = stocked.start("reservations")
    asked = asks.reserve(asks.line("A", "1"), note="x")
    (refused,) = stocked.ask(asked)
    fault.seen("the older worker refused it", refused["code"] == 422)
    older.end()
    newer(stocked)
    fault.heal()
    repeat = again(asked)
    fresh = asks.reserve(asks.line("A", "1"), note="x")
    repeated, granted = stocked.ask(repeat, fresh)
    assert (repeated["status"], repeated["code"]) == ("rejected", 422)
    assert granted["status"] == "applied"
    assert stocked.query("SELECT reserved::int FROM balance") == [(1,)]


@pytest.mark.slow
def test_a_command_that_only_newer_workers_know_waits_among_the_dead_letters(stocked):
    fault = stocked.fault("19 a command newer than the workers, redriven after the upgrade")
    older = stocked.start("reservations")
    (made,) = stocked.ask(asks.reserve(asks.line("A", "4")))
    recall = asks.ask(
        "reservation.recall", {"reservation_id": made["resource"]["id"], "reason": "newer"}
    )
    stocked.send_raw(recall.value, recall.raw_headers, key=b"k")
    (letter,) = stocked.dead_letters(1)
    reason = dict(letter.headers())["dlq-reason"]
    fault.seen("the older worker did not know it", reason == b"unknown-command-type")
    older.end()
    newer(stocked)
    redrive = stocked.run("deadletter", "redrive", "--reason", "unknown-command-type")
    assert redrive.ended() == 0
    fault.heal()
    (answer,) = stocked.answers(recall)
    assert (answer["status"], answer["command_type"]) == ("applied", "reservation.recall")
    assert stocked.query("SELECT reserved::int FROM balance") == [(0,)]
