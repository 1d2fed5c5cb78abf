"""Workers that come, go and die all the time: work goes on, each record in one worker's hands."""

import random
import signal
import time
from contextlib import contextmanager

import pytest

from processes import WAIT_SECONDS, eventually
from schemas.topics import shard_of
from workload import Workload

WINDOW_SECONDS = 5.0
# Who moved a shard, from where to where, and from when to when its row was wanted and held.
AUDIT = """
CREATE TABLE moved (shard int, session int, wanted_at timestamptz, held_until timestamptz,
    from_offset bigint, to_offset bigint);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moved VALUES (NEW.shard, pg_backend_pid(), transaction_timestamp(),
        clock_timestamp(), OLD.next_offset, NEW.next_offset);
    RETURN NEW;
END $$;
CREATE TRIGGER note BEFORE UPDATE OF next_offset ON shard FOR EACH ROW
WHEN (OLD.next_offset <> NEW.next_offset) EXECUTE FUNCTION note();
"""
OVERLAPS = """
SELECT a.shard, a.session, b.session FROM moved a JOIN moved b USING (shard)
WHERE a.session <> b.session AND a.wanted_at < b.held_until AND b.wanted_at < a.held_until
"""
HOLES = """
SELECT * FROM (SELECT shard, from_offset,
    lag(to_offset, 1, 0::bigint) OVER (PARTITION BY shard ORDER BY to_offset) AS last
    FROM moved WHERE shard BETWEEN %s AND %s) AS steps
WHERE from_offset <> last
"""
# Whoever waits for a shard's row has records in hand that another worker has too.
TWO_OWNERS = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND query LIKE '%%FROM shard%%FOR NO KEY UPDATE%%'
"""


@contextmanager
def busy_day(pipeline, seed, seconds, per_second):
    """Stock, and commands that come at a steady rate for so long."""
    pipeline.execute(AUDIT)
    others = pipeline.start()
    work = Workload(pipeline, seed=seed)
    work.stock_up()
    assert others.end() == 0
    pipeline.start("catalog", "stock")
    work.begin(int(seconds * per_second), per_second=per_second)
    yield
    work.end(seconds + WAIT_SECONDS)


class Crowd:
    """Workers of one module, as many as there are just now."""

    def __init__(self, pipeline, seed, **settings):
        self.pipeline = pipeline
        self.random = random.Random(seed)
        self.settings = settings
        self.present = []
        self.leaving = []
        self.redelivered = 0

    def add(self):
        self.present.append(self.pipeline.start("reservations", **self.settings))

    def member(self):
        """One that has joined; none while all are still on their way."""
        joined = [each for each in self.present if "partitions gained" in each.says()]
        return self.random.choice(joined) if joined else None

    def remove(self, one):
        self.redelivered += one.metric("stockyard_redelivered_total")
        one.process.send_signal(signal.SIGTERM)
        self.present.remove(one)
        self.leaving.append(one)

    def see_off(self):
        """Wait for all those that were asked to go."""
        for each in self.leaving:
            assert each.ended() == 0, each.says()
        self.redelivered += sum(each.metric("stockyard_redelivered_total") for each in self.present)


@pytest.mark.parametrize(
    ("seconds", "batch_seconds"),
    [(6, 0.5), *(pytest.param(15, each, marks=pytest.mark.slow) for each in (0.5, 1.5, 3.0))],
)
@pytest.mark.timeout(300)
def test_no_record_is_in_two_hands_while_workers_come_and_go(
    pipeline, seconds, batch_seconds, monkeypatch
):
    fault = pipeline.fault("6 workers come and go every second")
    monkeypatch.setenv("FAULT_SECONDS", str(batch_seconds))
    crowd = Crowd(pipeline, seed=6, fault="w.after_begin:sleep:*", batch_records_max=100)
    with busy_day(pipeline, 6, seconds, 100):
        crowd.add()
        crowd.add()
        eventually("they work", lambda: pipeline.next_offset() > 0)
        began = time.time()
        changes = 0
        while time.time() < began + seconds:
            changes += one_change(crowd)
            watched_for(pipeline, 1.0)
        ended = time.time()
        fault.heal()
    fault.seen("members came and went", changes >= seconds / 2 and crowd.leaving)
    crowd.see_off()
    pipeline.converge(120)
    assert crowd.redelivered == 0
    assert pipeline.query(OVERLAPS) == []
    first = shard_of("reservations", 0)
    assert pipeline.query(HOLES, first, first + 255) == []
    assert min(applied_by_window(pipeline, began, ended, batch_seconds)) > 0


def one_change(crowd):
    """Send one away or call one in; whether any was."""
    leaver = crowd.member() if len(crowd.present) > 2 else None
    if leaver is not None:
        crowd.remove(leaver)
    elif len(crowd.present) < 4:
        crowd.add()
    else:
        return 0
    return 1


def watched_for(pipeline, seconds):
    """Look on: two workers never want the same shard."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert pipeline.query(TWO_OWNERS) == []
        time.sleep(0.1)


def applied_by_window(pipeline, began, ended, batch_seconds):
    """How many records of reservations were applied in each window; none is shorter than asked."""
    first = shard_of("reservations", 0)
    rows = pipeline.query(
        "SELECT extract(epoch FROM held_until)::float8, to_offset - from_offset FROM moved"
        " WHERE shard BETWEEN %s AND %s",
        first,
        first + 255,
    )
    window = max(WINDOW_SECONDS, 3 * batch_seconds)
    at = began
    while at + window <= ended:
        yield sum(count for when, count in rows if at <= when < at + window)
        at += window


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("pause", [0.3, 2.0])
def test_workers_killed_one_after_another_lose_nothing(pipeline, pause):
    """So fast that hardly one gets to work, and so that each dies in the middle of it."""
    fault = pipeline.fault(f"2 one of three workers killed every {pause} s")
    crowd = Crowd(pipeline, seed=2, consumer_session_seconds=1, batch_records_max=50)
    seconds = 20
    with busy_day(pipeline, 2, seconds, 150):
        for _ in range(3):
            crowd.add()
        eventually("they work", lambda: pipeline.next_offset() > 0)
        began, kills = time.monotonic(), 0
        while time.monotonic() < began + seconds:
            victim = crowd.random.choice(crowd.present)
            victim.kill()
            kills += victim.process.returncode == -signal.SIGKILL
            crowd.present.remove(victim)
            crowd.add()
            time.sleep(pause)
        fault.heal()
    fault.seen("workers were killed", kills >= 5)
    pipeline.converge(120)
    assert pipeline.query(OVERLAPS) == []
