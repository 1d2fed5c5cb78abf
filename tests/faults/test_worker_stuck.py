"""Workers whose loop does not turn: they say so, and whoever watches over them starts them again."""

import signal

import pytest

import asks
from deploy.machine import supervisor as module
from deploy.machine.ports import HOST
from deploy.machine.probe import is_alive, is_ready
from deploy.machine.supervisor import Part, Supervisor
from processes import eventually

COMMANDS = 120
POLL_SECONDS_MAX = 5


@pytest.fixture
def watch(monkeypatch):
    """What `stockyard up` watches its parts with, in a hurry."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(module, "STILL_SECONDS", 3.0)
    watcher = Supervisor()
    yield watcher
    watcher.parts.clear()  # the pipeline ends its processes


def watched(pipeline, faults):
    """A worker as a part; each start takes the next of the faults."""
    faults = iter(faults)

    def last():
        return HOST, pipeline.workers[-1].health_port

    def start():
        settings = {"consumer_poll_seconds_max": POLL_SECONDS_MAX, "batch_records_max": COMMANDS}
        return pipeline.start("reservations", fault=next(faults), **settings).process

    return Part(
        name="worker-1",
        start=start,
        ready=lambda: is_ready(*last()),
        log=pipeline.workers[0].log,
        stop_rank=0,
        alive=lambda: is_alive(*last()),
    )


def commands():
    return [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("how", "what"), [("sleep", "blocked"), ("stop", "frozen")])
def test_a_worker_that_does_not_move_is_started_again(stocked, watch, monkeypatch, how, what):
    fault = stocked.fault(f"10 worker {what} for good, its supervisor starts it again")
    monkeypatch.setenv("FAULT_SECONDS", "600")
    wanted = commands()
    stocked.send(*wanted)
    watch.start(watched(stocked, [f"w.mid_apply:{how}", ""]))
    (running,) = watch.parts
    first, stuck = running.process, stocked.workers[-1]
    if how == "sleep":
        age = eventually("it says how long", lambda: shown_age(stuck) > POLL_SECONDS_MAX)
        fault.seen("its loop did not turn", age)
        assert stocked.query("SELECT 1 FROM shard WHERE next_offset > 0 AND shard / 256 = 2") == []
    else:
        eventually("it is frozen", stuck.is_stopped)

    def revived():
        watch.turn()
        return running.process is not first

    eventually("its supervisor starts another", revived, 90)
    fault.seen("it was killed", first.returncode == -signal.SIGKILL)
    fault.heal()
    answers = stocked.answers(*wanted)
    assert sum(each["status"] == "applied" for each in answers) == 100


@pytest.mark.slow
def test_a_worker_blocked_for_some_sessions_stays_a_member(stocked, monkeypatch):
    """Its heartbeats are sent from elsewhere; only the longest batch is a bound."""
    fault = stocked.fault("10 worker blocked for 15 s")
    monkeypatch.setenv("FAULT_SECONDS", "15")
    wanted = commands()
    stocked.send(*wanted)
    worker = stocked.start("reservations", fault="w.mid_apply:sleep", batch_records_max=COMMANDS)
    fault.seen("its loop did not turn", eventually("age", lambda: shown_age(worker) > 10))
    stocked.answers(*wanted)
    assert "partitions gone" not in worker.says()
    assert worker.metric("stockyard_redelivered_total") == 0


def shown_age(worker):
    return worker.metric("stockyard_loop_age_seconds")
