"""Several relays at once: one publishes a shard, and one that lost its lease asleep marks nothing."""

import pytest

from processes import eventually
from unpublished import MORE_THAN_ONE_READ, leave_rows, marked, marked_to_its_end

TAKEN_OVER = "another publisher took over"


@pytest.mark.parametrize("others", [1, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "step", [pytest.param("r.after_send", marks=pytest.mark.slow), "r.after_ack"]
)
def test_a_relay_that_wakes_up_past_its_lease_marks_nothing(stocked, others, step):
    fault = stocked.fault(f"40 one of {others + 1} relays frozen at {step} past its lease")
    wanted = leave_rows(stocked, MORE_THAN_ONE_READ)
    projector = stocked.run("projector")
    frozen = stocked.run("relay", fault=f"{step}:stop")
    eventually("it freezes", frozen.is_stopped)
    fault.seen("it froze before its first mark", marked(stocked) == 0)
    relays = [stocked.run("relay") for _ in range(others)]
    stocked.answers(*wanted, within_seconds=60)
    end = eventually("all is marked", lambda: marked_to_its_end(stocked))
    frozen.wake()
    fault.heal()
    eventually("it finds its lease gone", lambda: TAKEN_OVER in frozen.says())
    fault.seen("its mark was refused", marked(stocked) == end)
    assert all(each.lives() for each in (frozen, projector, *relays))
    copies = "stockyard_projected_duplicates_total"
    eventually("the projector absorbs what it sent twice", lambda: projector.metric(copies) > 0)
    assert frozen.end() == 0
