"""Clocks that are wrong, and jump: what is decided by time is decided by the database's."""

import re
import shutil
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

import asks
import running
from deploy.machine.ports import free_port
from identities import default_headers, jwks_file
from processes import eventually
from workload import Workload

SOURCE = Path(__file__).resolve().parents[1] / "clock.c"
COMPILER = shutil.which("cc") or shutil.which("gcc")
needs_compiler = pytest.mark.skipif(
    COMPILER is None, reason="needs a C compiler: one process's clock is bent by a small library"
)
HOURS = 6
DAY = 86_400


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """What bends clocks, compiled."""
    made = tmp_path_factory.mktemp("clock") / "clock.so"
    words = ["-shared", "-fPIC", "-O2", "-o", str(made), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run([COMPILER, *words], check=True, timeout=60)
    return made


@pytest.fixture
def clock(library, tmp_path, monkeypatch):
    """The wall clock of the processes that are started from now on."""
    return Clock(library, tmp_path / "clock", monkeypatch)


class Clock:
    def __init__(self, library, file, environment):
        self._library, self._file, self._environment = library, file, environment

    @contextmanager
    def bent(self, seconds):
        """Processes started in this block live so far off, and follow when it is set again."""
        self.set(seconds)
        with self._environment.context() as environment:
            environment.setenv("LD_PRELOAD", str(self._library))
            environment.setenv("CLOCK_SHIFT_FILE", str(self._file))
            yield

    def set(self, seconds):
        part = self._file.with_suffix(".part")
        part.write_text(str(seconds))
        part.replace(self._file)  # in one step: nobody reads an empty file


def moment(pipeline, **ahead):
    """A time of the database's clock, so far ahead."""
    found = pipeline.query("SELECT clock_timestamp()")[0][0] + timedelta(**ahead)
    return found.isoformat().replace("+00:00", "Z")


def logged(process):
    """The moment that a process takes it to be, by the first line of its log."""
    found = re.search(r"^\d{4}-\d\d-\d\d[T ][\d:.]+", process.says(), re.MULTILINE)
    return datetime.fromisoformat(found[0]).replace(tzinfo=UTC)


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("days", [1, -1])
def test_workers_and_edges_whose_clocks_are_a_day_off(pipeline, clock, days):
    fault = pipeline.fault(f"47 clocks of worker, projector and edge {days:+} day off")
    port = free_port()
    with clock.bent(days * DAY):
        worker = pipeline.start()
        pipeline.run("projector")
        pipeline.run("relay")
        pipeline.run("edge", http_port=port, auth_jwks_file=jwks_file())
    pipeline.ask(asks.item("A"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", "100"))
    off = logged(worker) - datetime.now(UTC)
    fault.seen("the worker's clock is off", abs(off - timedelta(days=days)) < timedelta(hours=1))

    hours_left = asks.reserve(asks.line("A", "1"), expires_at=moment(pipeline, hours=HOURS))
    seconds_left = asks.reserve(asks.line("A", "2"), expires_at=moment(pipeline, seconds=2))
    late = asks.reserve(asks.line("A", "4"), expires_at=moment(pipeline, hours=-HOURS))
    answers = pipeline.ask(hours_left, seconds_left, late)
    assert [each["code"] for each in answers] == [201, 201, 201]
    wanted = ["active", "expired", "expired"]
    eventually("the others expire", lambda: states(pipeline) == wanted)
    early = pipeline.query(
        "SELECT count(*) FROM journal j JOIN reservation r"
        " ON j.record::json -> 'resource' ->> 'id' = r.reservation_id"
        " WHERE r.status = 'expired' AND j.record::json ->> 'offset' IS NULL"
        " AND j.recorded_at < r.expires_at"
    )
    assert early == [(0,)]

    through_the_edge(pipeline, port)
    (again,) = pipeline.ask(asks.reserve(asks.line("A", "8"), key="kept"))
    assert again["code"] == 201
    kept_times_are_the_database_s(pipeline)
    fault.heal()


def states(pipeline):
    return [state for (state,) in pipeline.query("SELECT status FROM reservation ORDER BY 1")]


def through_the_edge(pipeline, port):
    """One reservation, twice under one key: both answered in time, with what is read back."""
    url = f"http://127.0.0.1:{port}{running.RESERVATIONS}"
    with httpx2.Client(timeout=30, headers=default_headers()) as http:
        eventually("the edge is up", lambda: answers(http, port))
        body = {**running.order("A"), "expires_at": moment(pipeline, hours=HOURS)}
        first = http.post(url, json=body, headers=running.headers("edge-key"))
        again = http.post(url, json=body, headers=running.headers("edge-key"))
        assert (first.status_code, again.status_code) == (201, 201), first.text
        assert first.json()["reservation_id"] == again.json()["reservation_id"]
        available = http.get(
            f"http://127.0.0.1:{port}{running.AVAILABILITY}", params={"sku": "A"}
        ).json()["data"][0]
        assert available["reserved"] == "2"


def answers(http, port):
    try:
        return http.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def kept_times_are_the_database_s(pipeline):
    """Whatever ages out, and whatever is told with a time, goes by one clock."""
    for table, column in (
        ("journal", "recorded_at"),
        ("idempotency", "applied_at"),
        ("stockyard_read.command_result", "recorded_at"),
        ("stockyard_read.level", "changed_at"),
        ("publication", "lease_until"),
    ):
        off = pipeline.query(
            f"SELECT count(*) FROM {table}"  # noqa: S608  # our own words
            f" WHERE {column} NOT BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'"
            f" AND {column} <> '-infinity'"
        )
        assert off == [(0,)], table


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_clocks_that_jump_under_load(pipeline, clock):
    fault = pipeline.fault("47 clocks that jump a day to and fro under load")
    with clock.bent(0):
        workers = [pipeline.start(batch_records_max=20) for _ in range(2)]
        pipeline.run("projector")
        pipeline.run("relay")
    work = Workload(pipeline, seed=47)
    work.stock_up()
    work.begin(900, per_second=150)
    for days in (1, -1, 40, -40, 0):
        applied = pipeline.next_offset()
        clock.set(days * DAY)
        eventually(f"work goes on at {days} days", lambda: pipeline.next_offset() > applied)  # noqa: B023  # called at once
    fault.seen("five jumps", evidence=True)
    fault.heal()
    work.end()
    pipeline.converge()
    assert all(worker.lives() for worker in workers)
    kept_times_are_the_database_s(pipeline)


@needs_compiler
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_keys_do_not_age_out_by_a_relay_s_clock(pipeline, clock):
    fault = pipeline.fault("47 a relay's clock a year ahead")
    worker = pipeline.start()
    pipeline.ask(asks.item("A"))
    assert worker.end() == 0
    kept = pipeline.query("SELECT count(*) FROM idempotency")
    with clock.bent(365 * DAY):
        relay = pipeline.run("relay")
        rounds = pipeline.run("worker-run-once")
    assert rounds.ended() == 0
    eventually("the relay has swept", relay.is_ready)
    off = logged(rounds) - datetime.now(UTC)
    fault.seen("its clock is off", off > timedelta(days=300))
    assert pipeline.query("SELECT count(*) FROM idempotency") == kept
    fault.heal()
