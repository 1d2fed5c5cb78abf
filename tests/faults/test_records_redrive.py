"""The tools for dead letters: listed, shown, and redriven once, whatever happens on the way."""

import json
import signal
import time

import pytest

import asks
from processes import eventually
from schemas.settings import Settings
from schemas.topics import commands_topic, deadletter_topic

KNOWN = " ".join(Settings().source_systems)
MOON = {"source_systems": f"{KNOWN} moon"}
UNBROKEN = {"dead_letter_share_max": 1}


def from_the_moon(*names, sku="A"):
    """Commands of a source system that no worker is told of yet."""
    return [
        asks.ask(
            "item.upsert", {"sku": f"{sku}{name}", "name": "It"}, f"{name}", Source_System="moon"
        )
        for name in names
    ]


def send(pipeline, *wanted):
    """As they are, and not counted among those that must have an answer."""
    for each in wanted:
        pipeline.try_send_raw(each.value, each.raw_headers, each.module, each.key.encode())
    pipeline.settle()


def deadletter(pipeline, *words, code=0, **settings):
    done = pipeline.run("deadletter", *words, **settings)
    assert done.ended() == code, done.says()
    return done.says()


def listed(pipeline, *words):
    return json.loads(deadletter(pipeline, "list", "--json", *words))


def stand_again(pipeline, module="catalog"):
    """The letters that stand in the module's topic again, in their order, and their records."""
    records = pipeline.read(commands_topic(pipeline.settings.topic_prefix, module))
    named = [(dict(each.headers() or []).get("dlq-letter"), each) for each in records]
    return [(name.decode(), record) for name, record in named if name]


def letters(pipeline, count):
    """So many dead letters, and the worker that made them gone."""
    eventually(
        f"{count} letters",
        lambda: pipeline.query("SELECT count(*) FROM dead_letter") == [(count,)],
    )


@pytest.fixture
def refused(pipeline):
    """Five commands that became dead letters, as nobody knew who sent them."""
    worker = pipeline.start("catalog", **UNBROKEN)
    send(pipeline, *from_the_moon(*"12345"))
    letters(pipeline, 5)
    worker.end()
    return pipeline


def test_letters_are_counted_shown_and_redriven_to_where_they_came_from(refused):
    found = listed(refused)
    assert found["counts"] == [
        {
            "module": "catalog",
            "reason": "invalid-header",
            "letters": 5,
            "waiting": 5,
            "redriven": 0,
            "parked": 0,
        }
    ]
    assert [each["offset"] for each in found["letters"]] == [4, 3, 2, 1, 0]
    assert listed(refused, "--reason", "invalid-json")["counts"] == []
    assert listed(refused, "--module", "stock")["letters"] == []
    assert listed(refused, "--since", "2999-01-01")["letters"] == []
    assert len(listed(refused, "--until", "2999-01-01", "--max", "2")["letters"]) == 2
    named = found["letters"][-1]["letter"]
    whole = json.loads(deadletter(refused, "show", named))
    assert (whole["key"], json.loads(whole["value"])["sku"]) == ("1", "A1")
    assert ["Source-System", "moon"] in whole["headers"]
    assert whole["detail"].startswith("Source-System: must be one of")
    assert "no letter 256:999" in deadletter(refused, "show", "256:999", code=1)
    deadletter(refused, "show", "nonsense", code=2)

    assert "5 would be sent" in deadletter(refused, "redrive", "--dry-run")
    said = deadletter(refused, "redrive", "--dry-run", "--max", "2")
    assert "2 would be sent, 3 left for the next time" in said
    assert stand_again(refused) == []
    assert "1 sent" in deadletter(refused, "redrive", named)
    assert "2 sent, 2 left for the next time" in deadletter(refused, "redrive", "--max", "2")
    assert "2 sent" in deadletter(refused, "redrive", "--reason", "invalid-header")
    assert "no such letter waits" in deadletter(refused, "redrive")
    assert listed(refused)["counts"][0]["redriven"] == 5

    again = stand_again(refused)
    originals = refused.read(commands_topic(refused.settings.topic_prefix, "catalog"))[:5]
    assert len(again) == 5
    for (_, record), original in zip(again, originals, strict=True):
        assert (record.key(), record.value()) == (original.key(), original.value())
        assert record.partition() == original.partition() == 0
        assert record.headers()[:-3] == original.headers()
        assert dict(record.headers())["dlq-replays"] == b"1"
    refused.start("catalog", **MOON)
    answers = refused.answers(*from_the_moon(*"12345"))
    assert all(each["status"] == "applied" for each in answers)


STEPS = ("d.after_begin:kill", "d.after_send:kill", "d.after_ack:kill", "d.after_mark:kill")
MANY = 230  # more than are sent at once


@pytest.mark.slow
@pytest.mark.parametrize("step", [*STEPS, *(f"{each}:2" for each in STEPS)])
def test_a_redrive_that_was_killed_goes_on_where_it_stopped(pipeline, step):
    fault = pipeline.fault("13 redrive of dead letters killed")
    worker = pipeline.start("catalog", **UNBROKEN)
    wanted = from_the_moon(*range(MANY))
    send(pipeline, *wanted)
    letters(pipeline, MANY)
    worker.end()
    killed = pipeline.run("deadletter", "redrive", fault=step)
    fault.seen("it was killed", killed.ended() == -signal.SIGKILL)
    fault.heal()
    before = len(stand_again(pipeline))
    said = deadletter(pipeline, "redrive")
    named = [name for name, _ in stand_again(pipeline)]
    assert len(named) == len(set(named)) == MANY, f"{before} at the kill; {said}"
    assert [int(name.partition(":")[2]) for name in named] == sorted(
        int(name.partition(":")[2]) for name in named
    )
    assert "no such letter waits" in deadletter(pipeline, "redrive")
    pipeline.start("catalog", **MOON)
    assert all(each["status"] == "applied" for each in pipeline.answers(*wanted))


@pytest.mark.slow
def test_two_redrives_at_once_are_one_too_many(refused):
    frozen = refused.run("deadletter", "redrive", fault="d.after_begin:stop")
    eventually("it freezes", frozen.is_stopped)
    assert "another redrive runs" in deadletter(refused, "redrive", code=1)
    frozen.wake()
    assert frozen.ended() == 0
    assert len(stand_again(refused)) == 5
    refused.start("catalog", **MOON)


@pytest.mark.slow
def test_a_record_that_fails_each_time_is_parked_after_so_many_redrives(pipeline):
    worker = pipeline.start("catalog", **UNBROKEN)
    send(pipeline, *from_the_moon("1"))
    for replays in range(3):
        letters(pipeline, replays + 1)
        assert "1 sent" in deadletter(pipeline, "redrive")
    letters(pipeline, 4)
    assert "1 parked: redriven too often" in deadletter(pipeline, "redrive")
    found = listed(pipeline)
    assert found["counts"][0] | {"waiting": 0, "parked": 1} == found["counts"][0]
    assert [each["replays"] for each in found["letters"]] == [3, 2, 1, 0]
    assert len({each["first_failed_at"] for each in found["letters"]}) == 1
    told = pipeline.read(deadletter_topic(pipeline.settings.topic_prefix))
    assert len({dict(each.headers())["dlq-first-failed-at"] for each in told}) == 1
    assert worker.lives()


@pytest.mark.slow
def test_letters_of_one_key_are_not_redriven_past_each_other(pipeline):
    pipeline.start("catalog", **UNBROKEN)
    (first,) = from_the_moon("1")
    pipeline.try_send_raw(b"no json", first.raw_headers[1:], "catalog", b"1")
    send(pipeline, first)
    letters(pipeline, 2)
    said = deadletter(pipeline, "redrive", "--reason", "invalid-header")
    assert "1 held behind an earlier letter of their key" in said
    assert "missing-header       1 sent" in deadletter(pipeline, "redrive")
    letters(pipeline, 4)
    reasons = pipeline.query("SELECT reason FROM dead_letter ORDER BY sequence")
    assert [reason for (reason,) in reasons] == 2 * ["missing-header", "invalid-header"]


def redriven_after(pipeline, fault, meanwhile):
    """A letter asks to reserve 3; its key is used by another command before it is redriven."""
    pipeline.start("catalog", "stock")
    pipeline.ask(asks.item("A"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", "10"))
    worker = pipeline.start("reservations")
    send(pipeline, moon("3", "letter"))
    letters(pipeline, 1)
    worker.end()
    pipeline.start("reservations", **MOON)
    (first,) = pipeline.ask(meanwhile)
    fault.seen("its key was used meanwhile", first["status"] == "applied")
    assert "1 sent" in deadletter(pipeline, "redrive")
    return eventually("its answer", lambda: pipeline.results().get("letter"))[0]


def reserved(pipeline):
    return pipeline.query("SELECT reserved::int FROM balance")[0][0]


def moon(quantity, request):
    asked = asks.reserve(asks.line("A", quantity), key="late")
    asked.headers.update({"Source-System": "moon", "Request-Id": request})
    return asked


@pytest.mark.slow
def test_a_letter_whose_command_was_sent_again_meanwhile_is_answered_as_a_repeat(pipeline):
    fault = pipeline.fault("18 a letter redriven whose key was applied meanwhile")
    answer = redriven_after(pipeline, fault, moon("3", "by-hand"))
    assert (answer["status"], answer["replayed"]) == ("applied", True)
    assert reserved(pipeline) == 3


@pytest.mark.slow
def test_a_letter_whose_key_was_used_for_another_command_is_refused(pipeline):
    fault = pipeline.fault("18 a letter redriven whose key was used for another command")
    answer = redriven_after(pipeline, fault, moon("2", "corrected"))
    assert (answer["code"], answer["replayed"]) == (422, False)
    assert answer["problem"]["type"].endswith("/idempotency-key-reused")
    assert reserved(pipeline) == 2


@pytest.mark.slow
def test_a_letter_older_than_half_the_time_for_which_keys_are_known_is_not_sent(refused):
    fault = refused.fault("18 a letter older than its key may be")
    time.sleep(1)
    for _ in range(2):
        said = deadletter(refused, "redrive", idempotency_retention="PT2S")
        assert "5 too old: their keys may be forgotten" in said
    fault.seen("none was sent", stand_again(refused) == [])
    assert "5 sent" in deadletter(refused, "redrive")
    refused.start("catalog", **MOON)
    answers = refused.answers(*from_the_moon(*"12345"))
    assert all(each["status"] == "applied" for each in answers)
