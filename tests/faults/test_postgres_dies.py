"""Postgres loses a process of its own, or the disk under its log: what was acknowledged stays."""

import os
import shutil
import signal

import psycopg
import pytest

import small_disks
from deploy.postgres import server
from processes import WAIT_SECONDS, eventually
from workload import Workload

COMMANDS = 800
PER_SECOND = 80
BATCH = 50
CONVERGED_SECONDS = 90


def begin(shop, seed):
    """Workers of everything, under load."""
    worker = shop.start(batch_records_max=BATCH)
    work = Workload(shop, seed=seed)
    work.stock_up()
    work.begin(COMMANDS, per_second=PER_SECOND)
    eventually("some are applied", lambda: shop.next_offset() > BATCH)
    return worker, work


def end(shop, worker, work):
    work.end()
    shop.converge(CONVERGED_SECONDS)
    assert worker.lives(), "the worker gave up"
    assert worker.metric("stockyard_dead_letters_total") == 0


OURS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'stockyard worker reservations'"
WRITER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
UP_SINCE = "SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("whose", "which"), [("one session's process", OURS), ("walwriter", WRITER)]
)
@pytest.mark.timeout(300)
def test_a_killed_process_of_the_server_resets_all_sessions(own_postgres, whose, which):
    """The postmaster cannot trust its shared memory any more: it ends all, and recovers."""
    shop = own_postgres
    fault = shop.fault(f"29 {whose} killed")
    worker, work = begin(shop, seed=29)
    began = shop.query(UP_SINCE)
    os.kill(shop.query(which)[0][0], signal.SIGKILL)
    fault.seen("the server began anew", eventually("its return", lambda: since(shop) > began))
    fault.heal()
    end(shop, worker, work)


def since(shop):
    try:
        return shop.query(UP_SINCE)
    except psycopg.OperationalError:
        return []


SMALL_LOG = {"max_wal_size": "64MB", "min_wal_size": "32MB", "wal_recycle": "off"}
DISK_MEGABYTES = 200


@pytest.fixture
def small_disk():
    """A disk of its own for the log, of a size that a test may fill."""
    with small_disks.small_disk(DISK_MEGABYTES) as disk:
        yield disk


def move_log(shop, disk):
    """Let the server's log lie on that disk; it is down meanwhile."""
    own = shop.server
    own.running.stop()
    log = own.directory / "cluster" / "pg_wal"
    there = disk / "pg_wal"
    owner = log.stat()
    shutil.move(log, there)
    for path in (there, *there.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    log.symlink_to(there)
    own.settings.update(SMALL_LOG)
    own.again()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_full_disk_under_the_log_loses_nothing(own_postgres, small_disk):
    shop = own_postgres
    fault = shop.fault("33 disk full under the write-ahead log")
    move_log(shop, small_disk)
    worker, work = begin(shop, seed=33)
    ballast = small_disks.fill(small_disk)
    with pytest.raises(psycopg.OperationalError):
        write_more_than_is_left(shop)
    shop.server.process.wait(WAIT_SECONDS)
    fault.seen("PANIC, and the server is down", "PANIC" in shop.server.running.log.read_text())
    with pytest.raises(server.ServerError, match="No space left"):
        shop.server.again()
    fault.seen("it does not come up without space", evidence=True)
    assert worker.lives()
    ballast.unlink()
    shop.server.again()
    fault.heal()
    end(shop, worker, work)
    assert worker.metric("stockyard_batches_halved_total") == 0


def write_more_than_is_left(shop):
    """Segment after segment: those that stand ready are soon used up."""
    with psycopg.connect(shop.settings.ledger_url, autocommit=True) as session:
        for _ in range(DISK_MEGABYTES):
            session.execute("SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))")
            session.execute("SELECT pg_switch_wal()")
