"""Workers that are slow, for a batch or for all of them: nobody leaves, nothing piles up."""

import pytest

import asks
from processes import eventually

COMMANDS = 4000
BATCH = 100
SLOW_SECONDS = 0.5
"""A batch of a hundred takes some five milliseconds."""
MORE_MEGABYTES_MAX = 40
DRAINED_SECONDS = 120


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_worker_a_hundred_times_slower_keeps_its_partitions_and_its_size(stocked, monkeypatch):
    monkeypatch.setenv("FAULT_SECONDS", str(SLOW_SECONDS))
    fault = stocked.fault("11 worker a hundred times slower")
    worker = stocked.start(
        "reservations",
        fault="w.mid_apply:sleep:*",
        batch_records_max=BATCH,
    )
    wanted = [asks.reserve(asks.line("A", "0.001")) for _ in range(COMMANDS)]
    stocked.send(*wanted[:BATCH])
    stocked.answers(*wanted[:BATCH])
    before = worker.memory_megabytes()
    stocked.send(*wanted[BATCH:])
    lag = eventually("it says how far behind it is", lambda: shown_lag(worker))
    fault.seen("records waited", lag > BATCH)
    peak = max(sizes_while_behind(stocked, worker))
    stocked.answers(*wanted, within_seconds=DRAINED_SECONDS)
    took = worker.metric("stockyard_batch_seconds_sum")
    batches = worker.metric("stockyard_batch_seconds_count")
    fault.seen("its batches were slow", took / batches > SLOW_SECONDS)
    assert peak - before < MORE_MEGABYTES_MAX
    assert worker.metric("stockyard_member_restarts_total") == 0
    assert "partitions gone" not in worker.says()
    eventually("it shows that nothing waits", lambda: shown_lag(worker) == 0)


def shown_lag(worker):
    return worker.metric("stockyard_consumer_lag")


def sizes_while_behind(pipeline, worker):
    """The worker's memory, seen at every batch until the last."""
    seen = -1
    while (applied := pipeline.next_offset()) < COMMANDS:
        eventually("it goes on", lambda last=seen: pipeline.next_offset() > last)
        seen = applied
        yield worker.memory_megabytes()


@pytest.mark.slow
@pytest.mark.parametrize("others", [0, 1])
def test_a_batch_longer_than_the_poll_interval_is_fenced_and_its_member_comes_back(
    stocked, others, monkeypatch
):
    """With nobody else in the group, and with another who takes its partitions meanwhile."""
    monkeypatch.setenv("FAULT_SECONDS", "10")
    fault = stocked.fault("7 batch longer than the poll interval")
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(120)]
    stocked.send(*wanted)
    slow = stocked.start(
        "reservations",
        fault="w.before_commit:sleep",
        consumer_poll_seconds_max=5,
        batch_records_max=len(wanted),
    )
    eventually("it has a batch in hand", lambda: "partitions gained" in slow.says())
    rest = [stocked.start("reservations") for _ in range(others)]
    answers = stocked.answers(*wanted, within_seconds=60)
    assert sum(each["status"] == "applied" for each in answers) == 100
    expelled = eventually("it is told", lambda: "maximum poll interval" in slow.says().lower())
    fault.seen("it was expelled", expelled)
    fault.heal()
    for each in rest:
        assert each.end() == 0
    eventually("it is a member again", lambda: slow.says().count("partitions gained") > 1)
    stocked.ask(asks.reserve(asks.line("A", "1")))
    assert slow.metric("stockyard_member_restarts_total") == 0
