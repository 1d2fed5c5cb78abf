"""Workers that freeze while another takes over, and wake up: they find their work done."""

import pytest

import asks
from processes import eventually

COMMANDS = 120
TAKEN_OVER_SECONDS = 90
OPEN = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'stockyard worker reservations' AND state = 'idle in transaction'"
)


def commands():
    """More than there is."""
    return [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]


def freezes(pipeline, step, wanted):
    """A worker that has all of it in hand, and stops at the step."""
    pipeline.send(*wanted)
    frozen = pipeline.start("reservations", fault=f"{step}:stop", batch_records_max=COMMANDS)
    eventually("the worker freezes", frozen.is_stopped)
    return frozen


def took_what_there_was(pipeline, wanted):
    answers = pipeline.answers(*wanted, within_seconds=TAKEN_OVER_SECONDS)
    assert sum(each["status"] == "applied" for each in answers) == 100
    assert pipeline.query("SELECT reserved FROM balance")[0][0] == 100


def wakes(pipeline, fault, frozen):
    """Let it go on, and see it take part again."""
    fault.seen("its partitions were taken while it was frozen", frozen.is_stopped())
    frozen.wake()
    fault.heal()
    pipeline.ask(asks.reserve(asks.line("A", "1")))
    eventually("it is a member again", frozen.is_ready)


def zombie(pipeline, lose_session):
    fault = pipeline.fault("4 worker frozen before its commit, woken after the takeover")
    wanted = commands()
    frozen = freezes(pipeline, "w.before_commit", wanted)
    fault.seen("it holds its shard's lock", pipeline.query(OPEN))
    lose_session()
    pipeline.start("reservations")
    took_what_there_was(pipeline, wanted)
    assert pipeline.next_offset() == COMMANDS
    wakes(pipeline, fault, frozen)
    redelivered = eventually(
        "the fence drops its records", lambda: frozen.metric("stockyard_redelivered_total")
    )
    fault.seen("its records lay before the shard's offset", redelivered == COMMANDS)
    assert not frozen.metric("stockyard_commands_total", outcome="replayed")
    took_what_there_was(pipeline, wanted)


def test_a_worker_that_wakes_before_its_commit_is_fenced(stocked):
    """The database gives up its session; here as soon as we say so."""

    def lose_session():
        stocked.query(OPEN.replace("pid FROM", "pg_terminate_backend(pid) FROM"))

    zombie(stocked, lose_session)


@pytest.mark.slow
def test_the_database_gives_up_the_session_of_a_worker_that_froze(stocked):
    """By its own time limit."""
    zombie(stocked, lambda: None)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["w.after_poll", "w.after_begin", "w.mid_apply"])
def test_a_worker_that_wakes_at_any_step_before_its_commit_is_fenced(stocked, step):
    fault = stocked.fault(f"4 worker frozen at {step}, woken after the takeover")
    wanted = commands()
    frozen = freezes(stocked, step, wanted)
    stocked.start("reservations")
    took_what_there_was(stocked, wanted)
    wakes(stocked, fault, frozen)
    redelivered = eventually(
        "the fence drops its records", lambda: frozen.metric("stockyard_redelivered_total")
    )
    fault.seen("its records lay before the shard's offset", redelivered == COMMANDS)


@pytest.mark.parametrize(
    "step", ["w.after_commit", pytest.param("w.after_publish", marks=pytest.mark.slow)]
)
def test_a_worker_that_wakes_after_its_commit_repeats_only_messages(stocked, step):
    fault = stocked.fault(f"5 worker frozen at {step}, woken after the takeover")
    wanted = commands()
    frozen = freezes(stocked, step, wanted)
    fault.seen("it has committed", stocked.next_offset() == COMMANDS)
    stocked.start("reservations")
    took_what_there_was(stocked, wanted)
    wakes(stocked, fault, frozen)
    took_what_there_was(stocked, wanted)
    # Marking before it publishes, it meets the lease's new epoch; else both have told the results.
    met = eventually(
        "it meets the other", lambda: lost_lease(frozen) or copies(stocked) >= COMMANDS
    )
    fault.seen("its lease was another's, or both told the results", met)


def lost_lease(worker):
    return worker.metric("stockyard_leases_lost_total")


def copies(pipeline):
    """Results beyond the first of each command."""
    return sum(len(told) - 1 for told in pipeline.results().values())
