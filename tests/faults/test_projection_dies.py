"""Projectors that die, read tables spoilt under them, and new ones made beside them while all works."""

import signal
import threading

import psycopg
import pytest

from processes import eventually
from workload import Workload

PER_SECOND = 80
SCHEMAS = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'stockyard_read%%' ORDER BY 1"
TABLE = "SELECT 'stockyard_read.level'::regclass::oid"
TABLES = "level, reservation, item, location, ledger_entry"


@pytest.fixture
def working(pipeline):
    """A pipeline with workers and a shop's day going on; ended before it is proved."""
    pipeline.start()
    work = Workload(pipeline, seed=42, stock=10_000)
    work.stock_up()
    work.begin(100_000, per_second=PER_SECOND)
    yield pipeline
    work.stop()
    work.end()


@pytest.fixture
def readers(working):
    """Somebody who reads all the while, from when `begin` is called."""
    readers = Readers(working.settings.read_url)
    yield readers
    readers.end()


class Readers:
    """Counts the levels that a reader sees, over and over, from a thread."""

    def __init__(self, url):
        self.counts = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(url,))

    def begin(self):
        self._thread.start()

    def _watch(self, url):
        with psycopg.connect(url, autocommit=True) as session:
            while not self._stop.wait(0.01):
                rows = session.execute("SELECT count(*) FROM stockyard_read.level")
                self.counts.append(rows.fetchone()[0])

    def end(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        return self.counts


def folded(pipeline):
    return pipeline.query("SELECT coalesce(sum(next_offset), 0) FROM stockyard_read.progress")[0][0]


def settled(pipeline):
    """Levels that a projector has written."""
    return pipeline.query("SELECT count(*) FROM stockyard_read.level")[0][0]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["p.before_commit", "p.after_commit"])
def test_a_projector_killed_under_load_is_continued_by_the_next(working, step):
    fault = working.fault(f"42 projector killed at {step}")
    for nth in (1, 3):
        doomed = working.run("projector", fault=f"{step}:kill:{nth}", batch_records_max=20)
        fault.seen("it was killed", doomed.ended() == -signal.SIGKILL)
    fault.heal()
    working.run("projector")
    before = folded(working)
    eventually("it goes on", lambda: folded(working) > before)


@pytest.mark.slow
def test_read_tables_emptied_with_their_offsets_are_folded_again(working):
    fault = working.fault("42 read tables truncated, offsets and all")
    projector = working.run("projector")
    levels = eventually("all levels are there", lambda: settled(working) == 21 and 21)
    working.execute(
        f"TRUNCATE {', '.join(f'stockyard_read.{t}' for t in (*TABLES.split(', '), 'progress'))}"
    )
    fault.seen("they are empty", settled(working) < levels or folded(working) == 0)
    fault.heal()
    eventually("the levels are back", lambda: settled(working) == levels)
    assert projector.lives()


@pytest.mark.slow
def test_read_tables_emptied_under_a_projector_are_right_after_a_rebuild(working):
    fault = working.fault("42 read tables truncated")
    projector = working.run("projector")
    eventually("all levels are there", lambda: settled(working) == 21)
    working.execute(f"TRUNCATE {', '.join(f'stockyard_read.{t}' for t in TABLES.split(', '))}")
    fault.seen("they are not as they were", settled(working) < 21)
    fault.heal()
    rebuild = working.run("rebuild")
    assert rebuild.ended(120) == 0, rebuild.says()
    assert "0 differ" in rebuild.says()
    assert settled(working) == 21
    assert projector.lives()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", ["p.before_swap", "p.after_swap"])
def test_a_rebuild_killed_at_its_swap_leaves_tables_that_serve(working, readers, step):
    fault = working.fault(f"42 rebuild killed at {step}")
    projector = working.run("projector")
    eventually("all levels are there", lambda: settled(working) == 21)
    readers.begin()
    old = working.query(TABLE)
    doomed = working.run("rebuild", fault=f"{step}:kill")
    fault.seen("it was killed", doomed.ended(120) == -signal.SIGKILL)
    assert (working.query(TABLE) == old) == (step == "p.before_swap"), "all of the swap, or none"
    fault.heal()
    eventually("its session is gone", lambda: rebuilt(working), within_seconds=120)
    assert working.query(SCHEMAS) == [("stockyard_read",)], "nothing of the old ones is left"
    assert set(readers.end()) == {21}, "no reader ever saw fewer levels"
    assert projector.lives()


def rebuilt(pipeline):
    return pipeline.run("rebuild").ended(120) == 0
