"""A backup of the ledger's server: restored elsewhere, verified, and compared with the original."""

import json
import shutil

import psycopg
import pytest

import asks
from deploy.postgres import backup, recovery, server
from processes import eventually
from servers import UNSYNCED, scratch
from workload import Workload


@pytest.fixture
def at_work(own_postgres):
    """A shop whose worker goes on, on a server of its own."""
    own_postgres.start()
    work = Workload(own_postgres, seed=50)
    work.stock_up()
    work.send(200)
    work.end()
    own_postgres.converge()
    return own_postgres


def run(pipeline, *words):
    """A command of ours: its exit code, and what it said."""
    process = pipeline.run(*map(str, words))
    return process.ended(120), process.says()


def proof(place):
    return json.loads((place / "proof.json").read_text())


@pytest.mark.usefixtures("backup_programs")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_backup_of_a_ledger_that_goes_on_is_proved(at_work):
    fault = at_work.fault("50 restored elsewhere and proved")
    with scratch() as place:
        code, said = run(at_work, "restore-proof", place / "backup")
        assert code == 0, said
        first = proof(place / "backup")
        assert first["passed"]
        assert first["ledger_hash"] == first["original_hash"]
        assert first["journal_rows"] > 200
        # The same backup is proved again when its original has gone far beyond it.
        at_work.ask(*(asks.reserve(asks.line("COLD-1", "1")) for _ in range(20)))
        code, said = run(at_work, "restore-proof", place / "backup")
        assert code == 0, said
        fault.seen(
            "the same hash twice", proof(place / "backup")["ledger_hash"] == first["ledger_hash"]
        )
        assert not list((place / "backup").glob("restored-*")), "the scratch server is left behind"


@pytest.mark.usefixtures("backup_programs")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_backup_that_differs_from_its_original_is_not_proved(at_work):
    fault = at_work.fault("50 a backup whose original was altered")
    with scratch() as place:
        backup.take(at_work.settings.ledger_url, place / "backup")
        honest = at_work.query(
            "SELECT shard, max(sequence) FROM journal WHERE shard / 256 = 3 GROUP BY shard"
        )
        shard, last = honest[0]
        forged = "UPDATE journal SET hash = sha256(hash) WHERE shard = %s AND sequence = %s"
        kept = at_work.query(
            "SELECT hash FROM journal WHERE shard = %s AND sequence = %s", shard, last
        )[0][0]
        with psycopg.connect(at_work.settings.ledger_url) as forger:
            forger.execute("SET session_replication_role = replica")
            forger.execute(forged, (shard, last))
        code, said = run(at_work, "restore-proof", place / "backup")
        assert code == 1
        fault.seen("it is named", f"shard {shard}" in said)
        assert proof(place / "backup")["reasons"]
        with psycopg.connect(at_work.settings.ledger_url) as forger:
            forger.execute("SET session_replication_role = replica")
            forger.execute(
                "UPDATE journal SET hash = %s WHERE shard = %s AND sequence = %s",
                (kept, shard, last),
            )


@pytest.mark.usefixtures("backup_programs")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_spoilt_backup_is_refused(at_work):
    fault = at_work.fault("50 a backup whose files were altered")
    with scratch() as place:
        backup.take(at_work.settings.ledger_url, place / "backup")
        victim = max(
            (place / "backup" / "base" / "base").rglob("*"), key=lambda f: f.stat().st_size
        )
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
        code, said = run(at_work, "restore", place / "backup", "--to", place / "new")
        assert code == 1
        fault.seen("its file is named", victim.name in said)
        assert not (place / "new" / "postgres").exists()


@pytest.mark.usefixtures("backup_programs")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_any_moment_behind_a_base_backup_can_be_restored(at_work):
    """The archive of WAL is stopped, taken up again, and its server killed in between."""
    fault = at_work.fault("50 restored to a moment between two commands")
    with scratch() as place:
        archive = at_work.run("backup", str(place / "b"), "--wal")
        eventually("WAL is fetched", lambda: list((place / "b" / "wal").glob("0*")))
        (one,) = at_work.ask(asks.reserve(asks.line("COLD-2", "1")))
        moment = at_work.query("SELECT clock_timestamp()")[0][0]
        assert archive.end() == 0, archive.says()
        (other,) = at_work.ask(asks.reserve(asks.line("COLD-2", "1")))
        archive = at_work.run("backup", str(place / "b"), "--wal")
        end = at_work.query("SELECT pg_current_wal_flush_lsn()::text")[0][0]
        eventually(
            "all is fetched",
            lambda: at_work.query(
                "SELECT FROM pg_stat_replication WHERE flush_lsn >= %s::pg_lsn", end
            ),
        )
        assert archive.end() == 0, archive.says()
        first, second = (each["resource"]["id"] for each in (one, other))
        before = granted(place / "b", place / "before", moment.isoformat())
        assert first in before
        assert second not in before
        for until in (end, ""):
            assert {first, second} <= granted(place / "b", place / "after", until)
        fault.seen("three restores", evidence=True)
        assert run(at_work, "backup", place / "b", "--drop-slot")[0] == 0
        assert not at_work.query("SELECT FROM pg_replication_slots")


def granted(source, data, until):
    recovery.restore(source, data, until=until)
    running = server.start(data, settings=UNSYNCED)
    try:
        with psycopg.connect(running.url()) as session:
            return {row[0] for row in session.execute("SELECT reservation_id FROM reservation")}
    finally:
        running.stop()
        shutil.rmtree(data)


def test_a_moment_must_be_one():
    for until in ("yesterday", "2026-11-21T10:00:00", "0/0/0"):
        with pytest.raises(recovery.RestoreError):
            recovery._target(until)  # noqa: SLF001  # pure
