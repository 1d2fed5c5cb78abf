"""The projector as a process: fed by the relay, killed, cut off from its database, stopped."""

import signal
import time

import orjson
import pytest

from asks import consume, item, line, location, record_stock, release, reserve
from producers.kafka_topics import reaches
from producers.messages import position, read_position
from reading import WAIT_SECONDS, eventually
from schemas.envelope import identity


def fill(reading, skus=8):
    reading.ask(*(item(f"A{n}") for n in range(skus)), location("MAIN"))
    reading.ask(*(record_stock(f"A{n}", "1000") for n in range(skus)))


def trade(reading, rounds, *, partition=0, skus=8):
    """So many rounds of promises made, given back and shipped; the records of them all."""
    records = []
    for at in range(rounds):
        made = reading.ask(
            *(reserve(line(f"A{(at + n) % skus}", "1")) for n in range(9)), partition=partition
        )
        named = [each["body"]["reservation_id"] for each in made]
        ended = [consume(named[0]), release(named[1]), consume(named[2])]
        records += made + reading.ask(*ended, partition=partition)
    return records


def test_the_read_tables_come_to_say_what_the_ledger_says(reading):
    fill(reading)
    records = trade(reading, rounds=3) + trade(reading, rounds=3, partition=2)
    reading.start()
    reading.publish()
    reading.wait_for(_all_of(reading))
    reading.agree()
    for record in records:
        named = identity(record["tenant_id"], record["source_system"], record["idempotency_key"])
        ((result,),) = eventually(
            "the result",
            lambda named=named: reading.query(
                "SELECT result FROM stockyard_read.command_result WHERE identity = %s", named
            ),
        )
        assert orjson.loads(result)["body"] == record["body"]


def test_whoever_waits_for_a_position_sees_the_write(reading):
    fill(reading)
    reading.start()
    reading.publish()
    for n in range(15):
        made = reading.ask(reserve(line("A1", "1")), partition=n % 4)[0]
        named = made["body"]["reservation_id"]
        shipped = reading.ask(consume(named), partition=(n + 1) % 4)[0]
        reading.publish()
        for record, status in ((made, {"active", "consumed"}), (shipped, {"consumed"})):
            reading.wait_for(read_position(position(record)))
            ((found, stock),) = reading.query(
                """SELECT r.status, l.on_hand FROM stockyard_read.reservation r, stockyard_read.level l
                WHERE reservation_id = %s AND sku = 'A1'""",
                named,
            )
            assert found in status
        assert stock == 1000 - n - 1
        ((entries,),) = reading.query(
            "SELECT count(*) FROM stockyard_read.ledger_entry WHERE document = %s", named
        )
        assert entries == 1


def test_a_projector_killed_again_and_again_loses_and_doubles_nothing(reading):
    fill(reading)
    trade(reading, rounds=80)
    reading.publish()
    cut = []
    for pause in (0.02, 0.1):
        before = _folded(reading)
        child = reading.start(batch_records_max=7)
        eventually("it has begun", lambda before=before: _folded(reading) > before)
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        child.wait(WAIT_SECONDS)
        cut.append(_folded(reading))
    assert cut[0] < _published(reading), "it was killed in the middle"
    reading.start()
    eventually("all is folded", lambda: _folded(reading) == _published(reading))
    assert reading.differences() == []


@pytest.mark.parametrize("place", ["p.before_commit", "p.after_commit"])
def test_one_killed_around_its_commit_folds_each_record_once(reading, place):
    fill(reading)
    trade(reading, rounds=10)
    reading.publish()
    child = reading.start(fault=f"{place}:kill:3", batch_records_max=20)
    assert child.wait(WAIT_SECONDS) == -signal.SIGKILL
    before = _folded(reading)
    assert before < _published(reading)
    reading.start()
    eventually("all is folded", lambda: _folded(reading) == _published(reading))
    assert reading.differences() == []


@pytest.mark.slow
def test_one_that_wakes_up_when_another_has_its_partitions_changes_nothing(reading):
    fill(reading)
    trade(reading, rounds=10)
    reading.publish()
    frozen = reading.start(fault="p.before_commit:stop:3", batch_records_max=20)
    eventually("it has begun", lambda: _folded(reading))
    reading.start()
    eventually("all is folded", lambda: _folded(reading) == _published(reading), within_seconds=90)
    assert reading.differences() == []
    frozen.send_signal(signal.SIGCONT)
    trade(reading, rounds=2)
    reading.publish()
    eventually("all is folded", lambda: _folded(reading) == _published(reading), within_seconds=60)
    assert reading.differences() == []
    assert frozen.poll() is None, "it joins in again"


def test_a_session_that_is_cut_is_opened_again(reading):
    fill(reading)
    reading.start(batch_records_max=20)
    reading.publish()
    reading.wait_for(_all_of(reading))
    killed = 0
    for _ in range(3):
        trade(reading, rounds=4)
        reading.publish()
        cut = reading.query(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'stockyard projector' AND datname = current_database()"""
        )
        killed += len(cut)
    reading.wait_for(_all_of(reading))
    reading.agree()
    assert killed


def test_two_projectors_share_the_partitions(reading):
    fill(reading)
    both = [reading.start(batch_records_max=50), reading.start(batch_records_max=50)]
    for partition in range(4):
        trade(reading, rounds=4, partition=partition)
        reading.publish()
    reading.wait_for(_all_of(reading))
    reading.agree()
    assert [child.poll() for child in both] == [None, None]


def test_a_signal_ends_it_cleanly(reading):
    fill(reading)
    child = reading.start()
    reading.publish()
    reading.wait_for(_all_of(reading))
    child.send_signal(signal.SIGTERM)
    assert child.wait(15) == 0


def test_a_topic_made_anew_halts_it_and_rebuild_mends_that(reading):
    fill(reading)
    child = reading.start()
    reading.publish()
    reading.wait_for(_all_of(reading))
    child.terminate()
    child.wait(15)
    reading.query("UPDATE stockyard_read.progress SET topic_id = 'another' RETURNING 1")
    assert reading.start().wait(WAIT_SECONDS) == 1
    assert "was deleted and made anew" in reading.said()
    assert reading.start("rebuild").wait(WAIT_SECONDS) == 0
    reading.start()
    trade(reading, rounds=2)
    reading.publish()
    reading.wait_for(_all_of(reading))
    reading.agree()


def _all_of(reading):
    """The position behind the last event of every shard."""
    said = [
        orjson.loads(text)
        for (text,) in reading.ledger.tx.execute("SELECT record FROM journal").fetchall()
    ]
    ends = {}
    for record in said:
        if record["kind"] == "levels" or record.get("events"):
            ends[record["shard"]] = max(ends.get(record["shard"], 0), record["sequence"])
    return ends


def _folded(reading):
    """How many records are folded."""
    ((total,),) = reading.query("SELECT coalesce(sum(next_offset), 0) FROM stockyard_read.progress")
    return int(total)


def _published(reading):
    """How many records stand in the topics that the projector reads."""
    topics = {
        topic for (topic,) in reading.query("SELECT DISTINCT topic FROM stockyard_read.progress")
    }
    return sum(reach.high for reach in reaches(reading.settings, topics).values())
