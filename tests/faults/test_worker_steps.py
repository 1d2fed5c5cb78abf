"""Workers that die or freeze at each step of their loop: every command still has one effect."""

import signal
from decimal import Decimal

import pytest

import asks
from processes import eventually

STEPS = (
    "w.after_poll",
    "w.after_begin",
    "w.mid_apply",
    "w.before_commit",
    "w.after_commit",
    "w.after_publish",
    "w.after_kafka_commit",
)
COMMANDS = 120
COMMITTED = {"w.after_commit", "w.after_publish", "w.after_kafka_commit"}


def commands():
    """More than there is, some twice, some of no use to anyone."""
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    wanted[7:7] = [asks.reserve(asks.line("A", "0"))]
    return wanted


def reserved(pipeline):
    return Decimal(pipeline.query("SELECT reserved FROM balance")[0][0])


def took_what_there_was(pipeline, wanted):
    answers = pipeline.answers(*wanted)
    assert sum(each["status"] == "applied" for each in answers) == 100
    assert reserved(pipeline) == 100


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_is_continued_by_the_next(stocked, step):
    fault = stocked.fault(f"1 worker killed at {step}")
    wanted = commands()
    stocked.send(*wanted)
    doomed = stocked.start("reservations", fault=f"{step}:kill")
    fault.seen("it was killed", doomed.ended() == -signal.SIGKILL)
    fault.heal()
    applied = stocked.next_offset()
    assert bool(applied) == (step in COMMITTED), f"{step} is not where it says"
    stocked.start("reservations")
    took_what_there_was(stocked, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["w.mid_apply", "w.after_commit"])
def test_a_worker_killed_in_a_later_batch_is_continued_by_the_next(stocked, step):
    wanted = commands()
    stocked.send(*wanted)
    doomed = stocked.start("reservations", fault=f"{step}:kill:3", batch_records_max=20)
    assert doomed.ended() == -signal.SIGKILL
    assert stocked.next_offset() in {40, 60}
    stocked.start("reservations")
    took_what_there_was(stocked, wanted)


@pytest.mark.parametrize("step", ["w.mid_apply", "w.before_commit"])
def test_an_error_at_a_step_costs_no_command(stocked, step):
    wanted = commands()
    stocked.send(*wanted)
    stocked.start("reservations", fault=f"{step}:raise")
    took_what_there_was(stocked, wanted)
    assert "a test asked for this" in stocked.workers[-1].says()


def test_a_frozen_worker_that_wakes_up_finds_its_work_done(stocked):
    wanted = commands()
    stocked.send(*wanted)
    frozen = stocked.start("reservations", fault="w.before_commit:stop")
    eventually("the worker freezes", frozen.is_stopped)
    stocked.start("reservations")
    answers = stocked.answers(*wanted, within_seconds=90)
    frozen.wake()
    late = asks.reserve(asks.line("A", "1"))
    stocked.ask(late)
    assert eventually("it says what it met", lambda: "tried again" in frozen.says())
    assert sum(each["status"] == "applied" for each in answers) == 100
    assert reserved(stocked) == 100


def test_a_fault_is_refused_outside_tests(pipeline):
    worker = pipeline.start("stock", fault="w.after_poll:kill", test="0")
    assert worker.ended() == 1
    assert "FAULT is set, but this is no test" in worker.says()
