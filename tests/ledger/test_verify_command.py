"""`stockyard verify` as an operator has it: exit codes, the report's file, and the job's metrics."""

import json

import psycopg
import pytest

import asks
from processes import eventually, start
from schemas.settings import Settings

FORGE = "SET session_replication_role = replica"


@pytest.fixture
def history(unproved_ledger):
    unproved_ledger.ask(asks.item("A"), asks.location("MAIN"))
    unproved_ledger.ask(asks.record_stock("A", "10"))
    return unproved_ledger


@pytest.fixture
def command(history, tmp_path):
    """The command on that ledger; whatever it starts ends with the test."""
    settings = Settings(database_url=history.url, kafka_bootstrap_servers="127.0.0.1:1")
    began = []

    def run(*words):
        log = tmp_path / f"{len(began)}.log"
        began.append(start(settings, log, "verify", *words))
        return began[-1]

    yield run
    for each in began:
        each.kill()


def forge(ledger, lie):
    with psycopg.connect(ledger.url) as connection:
        connection.execute(FORGE)
        assert connection.execute(lie).rowcount > 0


def test_the_second_proof_begins_where_the_first_ended(command, history, tmp_path):
    file = tmp_path / "report.json"
    assert command("--report", str(file)).ended() == 0
    first = json.loads(file.read_text())
    assert first["passed"]
    assert first["full"]
    assert command("--report", str(file)).ended() == 0
    second = json.loads(file.read_text())
    assert not second["full"]
    assert second["since"]
    assert second["digest"] == first["digest"]
    forge(history, "UPDATE movement SET quantity = 11")
    assert command().ended() == 0
    wrong = command("--full", "--report", str(file))
    assert wrong.ended() == 1
    assert "WRONG movements" in wrong.says()
    assert not json.loads(file.read_text())["passed"]


def test_a_length_of_time_that_is_none_is_bad_usage(command):
    done = command("--every", "soon")
    assert done.ended() == 2
    assert "'soon' is no length of time" in done.says()


@pytest.mark.timeout(180)
def test_the_job_tells_its_outcomes(command, history, tmp_path):
    job = command("--every", "1s", "--full-every", "1h", "--report", str(tmp_path / "job.json"))
    runs = "stockyard_verify_runs_total"
    eventually("a full proof", lambda: job.metric(runs, kind="full", outcome="passed") == 1)
    eventually("others", lambda: job.metric(runs, kind="incremental", outcome="passed") >= 1)
    assert job.is_ready()
    assert job.metric("stockyard_verify_last_success_timestamp_seconds", kind="full") > 1e9
    assert job.metric("stockyard_verify_last_rows", kind="full") == 4
    forge(history, "UPDATE balance SET on_hand = 11")
    findings = "stockyard_verify_findings"
    eventually("a finding", lambda: job.metric(findings, kind="incremental"))
    assert not job.is_ready()
    assert "wrong row" in job.says()
    forge(history, "UPDATE balance SET on_hand = 10")
    eventually("no finding", lambda: not job.metric(findings, kind="incremental"))
    assert job.end() == 0
