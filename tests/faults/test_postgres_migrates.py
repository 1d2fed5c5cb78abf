"""A migration in the middle of the day: killed half way, kept waiting; the workers go on."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import asks
from ledger import migrations
from ledger.migrate import TABLE_LOCK_MS
from processes import ROOT, WAIT_SECONDS, eventually
from workload import Workload

COMMANDS = 600
PER_SECOND = 60
BATCH = 30
CONVERGED_SECONDS = 90
UPGRADE = "import sys; from ledger.migrate import upgrade; upgrade(sys.argv[1], sys.argv[2])"
STEP = """
from alembic import op
revision, down_revision = {revision!r}, {before!r}
def upgrade():
    op.execute("ALTER TABLE {table} ADD COLUMN remark text")
"""


@pytest.fixture
def next_release(stocked, tmp_path):
    """The ledger's history with two more steps, which change tables that workers write."""
    history = tmp_path / "ledger"
    shutil.copytree(Path(migrations.__file__).parent / "ledger", history)
    newest = stocked.query("SELECT version_num FROM ledger_version")[0][0]
    steps = (("next_1", newest, "balance"), ("next_2", "next_1", "shard"))
    for revision, before, table in steps:
        step = STEP.format(revision=revision, before=before, table=table)
        (history / "versions" / f"{revision}.py").write_text(step)
    return history


@pytest.fixture
def migrating(stocked, next_release):
    """Starts a process that brings the test's database to the next release."""
    began = []

    def start(fault=""):
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        if fault:
            environment |= {"ERP_TEST": "1", "FAULT": fault}
        words = [sys.executable, "-c", UPGRADE, stocked.settings.ledger_url, str(next_release)]
        began.append(subprocess.Popen(words, env=environment))
        return began[-1]

    yield start
    for each in began:
        each.kill()
        each.wait(WAIT_SECONDS)


def version(shop):
    return shop.query("SELECT version_num FROM ledger_version")[0][0]


def has_remark(shop, table):
    return shop.query(
        "SELECT FROM information_schema.columns WHERE table_name = %s AND column_name = 'remark'",
        table,
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_migration_killed_half_way_goes_on_where_it_stood(stocked, migrating):
    fault = stocked.fault("37 migration killed between two steps, under load")
    worker = stocked.start(batch_records_max=BATCH)
    work = Workload(stocked, seed=37)
    work.stock_up()
    work.begin(COMMANDS, per_second=PER_SECOND)
    eventually("some are applied", lambda: stocked.next_offset() > BATCH)
    killed = migrating("m.ledger:kill:2")
    fault.seen("it was killed", killed.wait(WAIT_SECONDS) == -signal.SIGKILL)
    fault.seen("its first step is done", version(stocked) == "next_1")
    assert has_remark(stocked, "balance")
    assert not has_remark(stocked, "shard"), "half a step was left behind"
    assert migrating().wait(WAIT_SECONDS) == 0
    fault.heal()
    assert version(stocked) == "next_2"
    stocked.start(batch_records_max=BATCH)  # of the next release, beside one of the last
    work.end()
    stocked.converge(CONVERGED_SECONDS)
    assert worker.lives()
    assert worker.metric("stockyard_dead_letters_total") == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_migration_that_waits_for_a_table_does_not_keep_the_workers_waiting(stocked, migrating):
    fault = stocked.fault("37 migration kept waiting by a long reader")
    worker = stocked.start("reservations")
    stocked.ask(asks.reserve(asks.line("A", "1")))
    with psycopg.connect(stocked.settings.ledger_url) as reader:
        reader.execute("SELECT FROM balance")
        waiting = migrating()
        for _ in range(2):
            fault.seen("it waits", eventually("it waits", lambda: waits(stocked)))
            stocked.ask(asks.reserve(asks.line("A", "1")))
            eventually("it steps back", lambda: not waits(stocked), TABLE_LOCK_MS / 1000 + 20)
            stocked.ask(asks.reserve(asks.line("A", "1")))
        assert waiting.poll() is None, "it gave up"
        assert not has_remark(stocked, "balance")
    assert waiting.wait(WAIT_SECONDS) == 0
    fault.heal()
    assert version(stocked) == "next_2"
    stocked.ask(asks.reserve(asks.line("A", "1")))
    assert worker.metric("stockyard_dead_letters_total") == 0


def waits(shop):
    return shop.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE%%'"
    )
