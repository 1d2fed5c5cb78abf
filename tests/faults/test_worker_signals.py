"""Workers asked to end in the middle of a batch, with their servers there or away."""

import signal
import time

import pytest

import asks
from processes import eventually

COMMANDS = 120
SLEEP_SECONDS = 3.0
STOP_SECONDS = 30.0
"""After which a worker gives its threads up, with exit code 1."""


@pytest.fixture(autouse=True)
def _slow_step(monkeypatch):
    monkeypatch.setenv("FAULT_SECONDS", str(SLEEP_SECONDS))


def stock(pipeline):
    """An item with a hundred in stock, and nobody at work."""
    worker = pipeline.start("catalog", "stock")
    pipeline.ask(asks.item("A"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", "100"))
    worker.end()


def in_the_middle(pipeline, step="w.mid_apply"):
    """A worker that is busy with all that was sent, and will be for some seconds."""
    pipeline.send(*(asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)))
    worker = pipeline.start("reservations", fault=f"{step}:sleep", batch_records_max=COMMANDS)
    eventually("it has a session that works", lambda: working(pipeline))
    return worker


def working(pipeline):
    return pipeline.query(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'stockyard worker reservations' AND state = 'idle in transaction'"
        " AND state_change < clock_timestamp() - interval '0.5 s'"
    )


def asked_to_end(worker):
    """Its exit code, and how long it took."""
    began = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    return worker.ended(), time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_asked_to_end_finishes_its_batch_first(stocked, by):
    fault = stocked.fault(f"3 {by.name} in the middle of a batch")
    worker = in_the_middle(stocked)
    fault.seen("nothing was committed yet", stocked.next_offset() == 0)
    worker.process.send_signal(by)
    fault.heal()
    assert worker.ended() == 0
    assert stocked.next_offset() == COMMANDS
    assert len(stocked.results()) >= COMMANDS, "it left before it had told the results"


@pytest.mark.slow
def test_a_worker_killed_while_it_ends_has_committed_nothing_or_all(stocked):
    fault = stocked.fault("3 SIGTERM in the middle of a batch, then SIGKILL")
    worker = in_the_middle(stocked)
    worker.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    fault.seen("it was still at work", worker.lives())
    worker.kill()
    assert stocked.next_offset() == 0
    fault.heal()
    stocked.start("reservations")


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_asked_to_end_without_a_broker_ends(own_broker, how):
    fault = own_broker.fault(f"3 SIGTERM in the middle of a batch, broker away by {how.name}")
    stock(own_broker)
    worker = in_the_middle(own_broker)
    own_broker.server.process.send_signal(how)
    code, took = asked_to_end(worker)
    fault.seen("the broker was away", "unpublished" in worker.says() or unpublished(own_broker))
    assert code == 0
    assert took < STOP_SECONDS
    assert own_broker.next_offset() == COMMANDS
    if how == signal.SIGSTOP:
        own_broker.server.process.send_signal(signal.SIGCONT)
    else:
        own_broker.server.process.wait(10)
        own_broker.server.again()
    fault.heal()
    own_broker.start("reservations")
    own_broker.converge(80)


def unpublished(pipeline):
    return pipeline.query(
        "SELECT 1 FROM publication JOIN shard USING (shard) WHERE published_up_to < next_sequence - 1"
    )


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_worker_asked_to_end_without_a_database_ends(own_postgres):
    fault = own_postgres.fault("3 SIGTERM in the middle of a batch, Postgres away")
    stock(own_postgres)
    worker = in_the_middle(own_postgres)
    own_postgres.server.process.send_signal(signal.SIGQUIT)
    own_postgres.server.process.wait(20)
    eventually("it waits for the database", lambda: "tried again" in worker.says())
    code, took = asked_to_end(worker)
    fault.seen("the database was away", "tried again" in worker.says())
    assert code == 0
    assert took < STOP_SECONDS / 2
    own_postgres.server.again()
    fault.heal()
    own_postgres.start("reservations")
    own_postgres.converge(80)
