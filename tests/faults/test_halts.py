"""A log and a database that contradict each other: the worker stops and says why."""

import pytest

import asks
from processes import WAIT_SECONDS, eventually
from schemas.topics import commands_topic, shard_of


@pytest.fixture
def worked(pipeline):
    """A pipeline that has applied a few commands, and whose worker is gone."""
    worker = pipeline.start("catalog")
    pipeline.ask(asks.item("A"), asks.item("B"))
    assert worker.end() == 0
    pipeline.spoilt.add("catalog")
    return pipeline


def topic(pipeline):
    return commands_topic(pipeline.settings.topic_prefix, "catalog")


def test_a_topic_that_was_made_anew_halts_the_worker(worked):
    admin = worked.admin()
    admin.delete_topics([topic(worked)])[topic(worked)].result(WAIT_SECONDS)
    eventually("it is gone", lambda: topic(worked) not in admin.list_topics(timeout=10).topics)
    worked.make_topics_again("catalog")
    worker = worked.start("catalog")
    assert worker.ended() == 1
    assert "was deleted and made anew" in worker.says()
    assert worked.next_offset("catalog") == 2


def test_a_database_ahead_of_the_topic_halts_the_worker(worked):
    shard = shard_of("catalog", 0)
    worked.execute("UPDATE shard SET next_offset = 50 WHERE shard = %s", shard)
    worker = worked.start("catalog")
    assert worker.ended() == 1
    assert "ends at 2, but the database has applied up to 50" in worker.says()
    assert worked.next_offset("catalog") == 50


def test_records_that_retention_took_before_they_were_applied_halt_the_worker(worked):
    more = [asks.item(f"C{number}") for number in range(3)]
    for each in more:
        worked.send_raw(each.value, each.raw_headers, "catalog")
    worked.delete_records(topic(worked), before=4)
    worker = worked.start("catalog")
    assert worker.ended() == 1
    assert "begins at 4, but 2 to 3 were never applied" in worker.says()
    assert worked.next_offset("catalog") == 2
