"""Relays that die: whatever was published is published again, alike to the byte, and none is lost."""

import signal

import pytest

from found import Found
from processes import eventually
from unpublished import MORE_THAN_ONE_READ, leave_rows, marked, marked_to_its_end

STEPS = ("r.after_send", "r.after_ack", "r.after_mark")
PASSINGS = [("r.after_claim", 1), *((step, nth) for step in STEPS for nth in (1, 2))]
"""One shard has rows, so it is claimed once, and read twice."""
LEASE_SECONDS = 60
"""A dead relay's lease runs out before another may take it."""


@pytest.mark.parametrize("step", ["r.after_send", "r.after_ack"])
def test_a_worker_publishes_at_once_what_a_dead_relay_left(stocked, step):
    fault = stocked.fault(f"39 relay killed at {step}")
    wanted = leave_rows(stocked, 100)
    doomed = stocked.run("relay", fault=f"{step}:kill")
    fault.seen("it was killed", doomed.ended() == -signal.SIGKILL)
    assert marked(stocked) == 0, "it marked nothing"
    fault.heal()
    stocked.start("reservations")
    answers = stocked.answers(*wanted)
    assert sum(each["status"] == "applied" for each in answers) == 100
    eventually("all is marked", lambda: marked_to_its_end(stocked))
    if step == "r.after_ack":
        assert Found(stocked).duplicates >= 100, "what had arrived is told again"


@pytest.mark.slow
@pytest.mark.parametrize(("step", "nth"), PASSINGS)
def test_the_next_relay_goes_on_where_a_dead_one_left_its_mark(stocked, step, nth):
    fault = stocked.fault(f"39 relay killed at {step}")
    wanted = leave_rows(stocked, MORE_THAN_ONE_READ)
    doomed = stocked.run("relay", fault=f"{step}:kill:{nth}")
    fault.seen("it was killed", doomed.ended() == -signal.SIGKILL)
    whole_reads = nth if step == "r.after_mark" else nth - 1
    assert (marked(stocked) > 0) == (whole_reads > 0), f"{step} is not where it says"
    fault.heal()
    stocked.run("relay")
    stocked.answers(*wanted, within_seconds=LEASE_SECONDS)
