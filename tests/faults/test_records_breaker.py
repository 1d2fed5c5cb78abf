"""A topic full of poison: the module halts before it is drained into the dead letters."""

import pytest

import asks
from schemas.settings import Settings

WINDOW = 100
LIMITS = {"dead_letter_window_records": WINDOW, "dead_letter_share_max": 0.2}
ALLOWED = 20


def poison(pipeline, count):
    """Records that are no JSON, in the middle of which nothing good stands."""
    headers = asks.ask("item.upsert", {}).raw_headers
    for number in range(count):
        pipeline.try_send_raw(b"\xff", headers, "catalog", key=b"%d" % number)
    pipeline.settle()


def halts(pipeline, **settings):
    """A worker that halts, and says why."""
    worker = pipeline.start("catalog", **LIMITS, **settings)
    assert worker.ended() == 1
    assert "too many dead letters" in worker.says()
    assert "docs/runbooks/dead-letters.md" in worker.says()
    return worker


def drained_on_demand(pipeline):
    """The operator has looked: let them all become dead letters."""
    worker = pipeline.start("catalog", **{**LIMITS, "dead_letter_share_max": 1})
    late = asks.item("LATE")
    (answer,) = pipeline.ask(late)
    assert answer["status"] == "applied"
    worker.end()


def letters(pipeline):
    return pipeline.query("SELECT count(*) FROM dead_letter")[0][0]


def test_one_batch_of_poison_is_not_committed_past_the_limit(pipeline):
    fault = pipeline.fault("13 a topic full of poison")
    poison(pipeline, 300)
    for _ in range(2):  # a supervisor starts it again
        halted = halts(pipeline)
        assert (pipeline.next_offset("catalog"), letters(pipeline)) == (0, 0)
    fault.seen("all of it was in hand", "of those in hand 300 are" in halted.says())
    fault.heal()
    drained_on_demand(pipeline)
    assert letters(pipeline) == 300


@pytest.mark.slow
def test_many_small_batches_of_poison_stop_at_the_limit_and_so_does_every_restart(pipeline):
    fault = pipeline.fault("13 a topic full of poison, in small batches")
    pipeline.send(*(asks.item(f"A{number}") for number in range(30)))
    poison(pipeline, 60)
    for _ in range(3):
        halts(pipeline, batch_records_max=7)
        assert 0 < letters(pipeline) <= ALLOWED
        assert pipeline.next_offset("catalog") <= 30 + ALLOWED
    fault.seen("it set some aside before", letters(pipeline) > ALLOWED - 7)
    fault.heal()
    drained_on_demand(pipeline)


BUG = "ALTER TABLE item ADD CONSTRAINT a_bug CHECK (sku NOT LIKE 'A%%')"
MENDED = "ALTER TABLE item DROP CONSTRAINT a_bug"


@pytest.mark.slow
def test_what_a_bug_has_set_aside_before_the_halt_is_redriven_once_it_is_mended(pipeline):
    fault = pipeline.fault("9 a bug that every command meets")
    wanted = [asks.item(f"A{number}") for number in range(60)]
    pipeline.execute(BUG)
    pipeline.send(*wanted)
    halts(pipeline)
    fault.seen("some were set aside, one by one", letters(pipeline) == ALLOWED)
    assert pipeline.query("SELECT DISTINCT reason FROM dead_letter") == [("unprocessable",)]
    pipeline.execute(MENDED)
    fault.heal()
    worker = pipeline.start("catalog", **LIMITS)
    redrive = pipeline.run("deadletter", "redrive", "--module", "catalog")
    assert redrive.ended() == 0
    assert f"unprocessable        {ALLOWED} sent" in redrive.says()
    assert all(each["status"] == "applied" for each in pipeline.answers(*wanted))
    assert worker.lives()


@pytest.mark.slow
def test_as_much_poison_as_the_limit_allows_halts_nobody(pipeline):
    fault = pipeline.fault("13 as much poison as is allowed")
    poison(pipeline, ALLOWED)
    worker = pipeline.start("catalog", **LIMITS)
    pipeline.ask(asks.item("A"))
    assert worker.lives()
    fault.seen("all were set aside", letters(pipeline) == ALLOWED)
    share = worker.metric("stockyard_dead_letter_share", module="catalog")
    assert share == pytest.approx(ALLOWED / WINDOW)


def test_the_usual_limits_are_those_of_the_settings():
    known = Settings()
    assert (known.dead_letter_share_max, known.dead_letter_window_records) == (0.2, 500)
