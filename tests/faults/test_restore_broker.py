"""The broker's volume restored older than the database: the workers halt, and the runbook mends it."""

import shutil

import pytest
from pydantic import SecretStr

import asks
import invariants
from deploy.kafka import broker
from found import Found
from pipelines import MODULES, Pipeline
from processes import eventually
from schemas.settings import Settings
from servers import QUICK_GROUPS, scratch


@pytest.fixture
def volume():
    with scratch() as directory:
        yield directory / "kafka"


@pytest.fixture
def shop(volume, postgres, migrated_template, topic_prefix):
    """A pipeline on a broker of its own, whose volume can be put back."""
    running = broker.start(volume, properties=QUICK_GROUPS)
    url = postgres.make(topic_prefix, template=migrated_template)
    pipeline = Pipeline(
        Settings(
            kafka_bootstrap_servers=running.bootstrap_servers,
            database_url=SecretStr(url),
            topic_prefix=topic_prefix,
        )
    )
    pipeline.server = running
    pipeline.make_topics()
    yield pipeline
    pipeline.close()
    pipeline.server.stop()
    postgres.drop(topic_prefix)


TOLD_AGAIN = """
UPDATE publication p SET published_up_to = coalesce((SELECT max(sequence) FROM journal j
    WHERE j.shard = p.shard AND j.recorded_at < %s::timestamptz), 0)
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_broker_older_than_the_database_halts_and_is_mended_by_its_runbook(shop, volume):
    fault = shop.fault("50 the broker's volume restored older than the database")
    worker = shop.start()
    shop.ask(asks.item("A"), asks.location("MAIN"))
    shop.ask(asks.record_stock("A", "50"))
    shop.ask(*(asks.reserve(asks.line("A", "1")) for _ in range(5)))
    assert worker.end() == 0
    copied_at = shop.query("SELECT clock_timestamp()")[0][0]
    shop.server.stop()
    shutil.copytree(volume, volume.with_name("older"))
    shop.server = broker.start(volume, properties=QUICK_GROUPS)
    worker = shop.start()
    shop.ask(*(asks.reserve(asks.line("A", "1")) for _ in range(7)))
    assert worker.end() == 0
    before = shop.query("SELECT on_hand, reserved FROM balance")

    shop.server.stop()
    shutil.rmtree(volume)
    volume.with_name("older").rename(volume)
    shop.server = broker.start(volume, properties=QUICK_GROUPS)
    worker = shop.start("reservations")
    assert worker.ended() == 1
    fault.seen("the worker halted", "the log has lost its end" in worker.says())
    fault.heal()
    assert shop.query("SELECT on_hand, reserved FROM balance") == before

    for module in MODULES:
        eventually(f"{module} is reset", lambda: is_reset(shop, module))  # noqa: B023  # called at once
    shop.execute(TOLD_AGAIN, copied_at)
    sent, shop.sent = shop.sent, []
    shop._tails.clear()  # noqa: SLF001  # they remember records that are gone
    shop._producer = None  # noqa: SLF001  # the broker has forgotten how far it was
    worker = shop.start()
    for module in MODULES:
        shop.send(*(each for each in sent if each.module == module))
    eventually("all is answered", lambda: len(shop.results()) == len(sent))
    fault.recovered()
    assert shop.query("SELECT on_hand, reserved FROM balance") == before
    invariants.wait_for_rest(shop)
    found = Found(shop)
    wrong = [line for each in HOLD for line in each(found)]
    assert not wrong, "\n".join(wrong[:10])
    assert worker.end() == 0
    fault.tell(found.duplicates)


HOLD = (
    invariants.every_acknowledged_command_has_one_answer,
    invariants.the_ledger_proves_itself,
    invariants.every_event_is_told,
    invariants.every_subject_counts_without_gaps,
    invariants.read_tables_say_what_the_ledger_says,
    invariants.nobody_is_stuck,
)


def is_reset(shop, module):
    """Once nobody is at work on it any more; a module that has lost nothing is left alone."""
    done = shop.run("reset-consumer", module, "--accept-lost-end", "--yes")
    return done.ended() == 0
