"""The read tables made anew: while others write and read, interrupted, and where they cannot agree."""

import signal
import threading
import time
import uuid
from datetime import timedelta

import psycopg
from pydantic import SecretStr

from asks import consume, item, line, location, record_stock, reserve
from consumers.rebuild import run
from ledger import api_keys, read_schema
from ledger.api_keys import Grant
from ledger.connection import connect
from ledger.migrate import migrate_read
from reading import WAIT_SECONDS, eventually

SCHEMAS = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'stockyard_read%%' ORDER BY 1"


def fill(reading, skus=8):
    reading.ask(*(item(f"A{n}") for n in range(skus)), location("MAIN"))
    reading.ask(*(record_stock(f"A{n}", "100000") for n in range(skus)))


def trade(reading, rounds):
    for at in range(rounds):
        made = reading.ask(*(reserve(line(f"A{(at + n) % 8}", "1")) for n in range(9)))
        reading.ask(*(consume(each["body"]["reservation_id"]) for each in made[:3]))


def rebuild(reading):
    said = []
    return run(reading.settings, said.append), said


def watch_levels(reading, stop, counts):
    """Count the levels that readers see, over and over."""
    with psycopg.connect(reading.settings.read_url, autocommit=True) as session:
        while not stop.is_set():
            counts.append(
                session.execute("SELECT count(*) FROM stockyard_read.level").fetchone()[0]
            )


def test_keys_outlive_the_tables_that_they_stand_beside(reading):
    fill(reading)
    reading.publish()
    reading.start()
    with connect(reading.settings.read_url, "test") as tx:
        key_id, _ = api_keys.create(tx, Grant("t", "shop", ["inventory:read"]), timedelta(days=1))
    code, said = rebuild(reading)
    assert code == 0, said
    with connect(reading.settings.read_url, "test") as tx:
        assert [each.key_id for each in api_keys.every(tx)] == [key_id]


def test_writing_and_reading_go_on_while_the_tables_are_made_anew(reading):
    fill(reading)
    trade(reading, rounds=30)
    projector = reading.start()
    reading.publish()
    reading.agree()
    old = reading.query("SELECT 'stockyard_read.level'::regclass::oid")
    stop, counts, ended = threading.Event(), [], []
    watcher = threading.Thread(target=watch_levels, args=(reading, stop, counts))
    rebuilder = threading.Thread(target=lambda: ended.append(rebuild(reading)))
    watcher.start()
    rebuilder.start()
    rounds = 0
    while rebuilder.is_alive():
        trade(reading, rounds=1)
        reading.publish()
        rounds += 1
    rebuilder.join()
    trade(reading, rounds=2)
    reading.publish()
    reading.agree()
    stop.set()
    watcher.join()
    ((code, said),) = ended
    assert code == 0, said
    assert rounds > 1, "writing went on meanwhile"
    assert set(counts) == {8}, "no reader ever saw fewer levels"
    assert reading.query("SELECT 'stockyard_read.level'::regclass::oid") != old
    assert reading.query(SCHEMAS) == [("stockyard_read",)]
    assert projector.poll() is None, "the projector runs on"
    assert "level: 8 rows compared, 0 differ" in said


def test_what_somebody_spoilt_in_the_read_tables_is_right_again(reading):
    fill(reading)
    trade(reading, rounds=5)
    projector = reading.start()
    reading.publish()
    reading.agree()
    reading.query("DELETE FROM stockyard_read.ledger_entry RETURNING 1")
    reading.query("UPDATE stockyard_read.level SET on_hand = 1, version = 1000000 RETURNING 1")
    assert reading.differences()
    assert rebuild(reading)[0] == 0
    assert reading.differences() == []
    trade(reading, rounds=2)
    reading.publish()
    reading.agree()
    assert projector.poll() is None


def test_tables_that_differ_from_the_ledger_do_not_come_to_serve(reading):
    fill(reading)
    reading.ledger.tx.execute("UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A3'")
    old = reading.query("SELECT 'stockyard_read.level'::regclass::oid")
    code, said = rebuild(reading)
    reading.ledger.tx.execute("UPDATE balance SET on_hand = on_hand - 1 WHERE sku = 'A3'")
    assert code == 1
    assert any(each.startswith("level default/A3/MAIN/: the ledger says") for each in said), said
    assert "level: 8 rows compared, 1 differ" in said
    assert reading.query("SELECT 'stockyard_read.level'::regclass::oid") == old
    assert reading.query(SCHEMAS) == [("stockyard_read",)]


def test_one_killed_in_the_middle_leaves_the_old_tables_and_can_be_run_again(reading):
    fill(reading)
    trade(reading, rounds=60)
    old = reading.query("SELECT 'stockyard_read.level'::regclass::oid")
    child = reading.start("rebuild")
    eventually("it has begun", lambda: ("stockyard_read_next",) in reading.query(SCHEMAS))
    child.send_signal(signal.SIGKILL)
    child.wait(WAIT_SECONDS)
    assert reading.query("SELECT 'stockyard_read.level'::regclass::oid") == old
    assert ("stockyard_read_next",) in reading.query(SCHEMAS), "it was killed in the middle"
    eventually("its claim is gone", lambda: rebuild(reading)[0] == 0, within_seconds=20)
    assert reading.query(SCHEMAS) == [("stockyard_read",)]
    assert reading.differences() == []


def test_one_is_enough_at_a_time(reading):
    fill(reading)
    with connect(reading.settings.read_url, "another") as other:
        assert read_schema.claim(other)
        assert rebuild(reading) == (1, ["another rebuild is at work"])
    assert rebuild(reading)[0] == 0


def test_a_projector_that_comes_later_goes_on_where_the_rebuild_ended(reading):
    fill(reading)
    trade(reading, rounds=3)
    reading.publish()
    assert rebuild(reading)[0] == 0
    assert reading.differences() == []
    trade(reading, rounds=2)
    reading.start()
    reading.publish()
    reading.agree()
    time.sleep(0.5)
    assert reading.differences() == []


def test_read_tables_may_live_in_another_database(reading, postgres):
    name = f"read_{uuid.uuid4().hex}"
    url = SecretStr(postgres.make(name))
    migrate_read(url.get_secret_value())
    reading.settings = reading.settings.model_copy(update={"read_database_url": url})
    try:
        fill(reading)
        trade(reading, rounds=2)
        reading.start()
        reading.publish()
        reading.agree()
        assert rebuild(reading)[0] == 0
        trade(reading, rounds=2)
        reading.publish()
        reading.agree()
    finally:
        reading.close()
        postgres.drop(name)
