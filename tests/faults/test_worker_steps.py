"""Workers killed at each step of their loop, and their successors too: every command has one effect."""

import itertools
import signal

import pytest

import asks

STEPS = (
    "w.after_poll",
    "w.after_begin",
    "w.mid_apply",
    "w.before_commit",
    "w.after_commit",
    "w.after_publish",
    "w.after_kafka_commit",
)
COMMITTED = {"w.after_commit", "w.after_publish", "w.after_kafka_commit"}
TAKING_OVER = ("r.after_claim", "r.after_send", "r.after_ack", "r.after_mark")
"""Steps of whoever publishes what the one before it left."""
PASSINGS = (1, 2, 3)
BATCH = 20
COMMANDS = BATCH * (max(PASSINGS) + 2)
SESSION_SECONDS = 1.0

SAMPLE = [
    ("w.mid_apply", 1, "w.before_commit"),
    ("w.after_commit", 2, "r.after_send"),
    ("w.before_commit", 3, "w.after_commit"),
]


def commands():
    """Most are granted; one asks for nothing, and one is there twice."""
    wanted = [asks.reserve(asks.line("A", "0.001")) for _ in range(COMMANDS - 2)]
    return [*wanted[:7], asks.reserve(asks.line("A", "0")), wanted[3], *wanted[7:]]


def dies(pipeline, step, passing):
    """A worker that is killed at the passing; whether it committed anything before."""
    before = pipeline.next_offset()
    doomed = pipeline.start(
        "reservations",
        fault=f"{step}:kill:{passing}",
        batch_records_max=BATCH,
        consumer_session_seconds=SESSION_SECONDS,
    )
    assert doomed.ended() == -signal.SIGKILL, f"it was not killed at passing {passing} of {step}"
    return pipeline.next_offset() > before


def dies_twice(pipeline, step, passing, again):
    """Kill a worker at the passing of a step, and the next one where it takes over."""
    fault = pipeline.fault(f"1 worker killed at {step}, the next one while it takes over")
    pipeline.send(*commands())
    moved = dies(pipeline, step, passing)
    fault.seen("it was killed where it says", moved == (passing > 1 or step in COMMITTED))
    moved = dies(pipeline, again, 1)
    fault.seen("its successor was killed where it says", moved == (again in COMMITTED))
    return fault


def granted_once(pipeline):
    """What is promised is what was granted, and nobody was granted anything twice."""
    answers = pipeline.answers(*pipeline.sent)
    granted = {
        each["resource"]["id"]
        for each in answers
        if each["command_type"] == "reservation.create" and each["status"] == "applied"
    }
    reserved = pipeline.query("SELECT sum(reserved) FROM balance")[0][0]
    assert granted
    assert int(reserved * 1000) == len(granted)


def reaches(passing, step, again):
    """Whether the second finds something to publish: the first has committed before it died."""
    return again in STEPS or again == TAKING_OVER[0] or passing > 1 or step in COMMITTED


def test_a_worker_killed_at_a_step_and_its_successor_are_continued_by_the_next(stocked):
    faults = [dies_twice(stocked, *each) for each in SAMPLE]
    faults[-1].heal()
    stocked.start("reservations")
    granted_once(stocked)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_passing_of_any_step_is_continued(stocked, step):
    for passing, again in itertools.product(PASSINGS, (*STEPS, *TAKING_OVER)):
        if reaches(passing, step, again):
            fault = dies_twice(stocked, step, passing, again)
    fault.heal()
    stocked.start("reservations")
    granted_once(stocked)


@pytest.mark.parametrize(
    "step",
    ["w.before_commit", *(pytest.param(each, marks=pytest.mark.slow) for each in STEPS[1:3])],
)
def test_an_error_at_a_step_costs_no_command(stocked, step):
    fault = stocked.fault(f"1 error raised at {step}")
    stocked.send(*commands())
    worker = stocked.start("reservations", fault=f"{step}:raise", batch_records_max=COMMANDS)
    granted_once(stocked)
    fault.seen("the error was raised", "a test asked for this" in worker.says())
    fault.seen("the batch was cut in halves", worker.metric("stockyard_batches_halved_total"))


@pytest.mark.slow
def test_a_fault_is_refused_outside_tests(pipeline):
    worker = pipeline.start("stock", fault="w.after_poll:kill", test="0")
    assert worker.ended() == 1
    assert "FAULT is set, but this is no test" in worker.says()
