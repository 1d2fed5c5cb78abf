"""A log and a database that contradict each other: the worker halts, and goes on once told how."""

import shutil

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.cimpl import NewPartitions

import asks
from broken_logs import lose_end
from processes import WAIT_SECONDS, eventually
from schemas.topics import commands_topic, shard_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

LEASE_SECONDS = 15.0
"""A worker that has gone is not forgotten before."""


def topic(shop, module="catalog"):
    return commands_topic(shop.settings.topic_prefix, module)


def items(*names):
    return [asks.item(name) for name in names]


def work(shop, *wanted):
    """Apply some commands, and end the worker."""
    worker = shop.start("catalog")
    shop.ask(*wanted)
    assert worker.end() == 0


def halts(shop, why):
    """A worker started now ends, and says why and where to read on."""
    before = shop.query("SELECT * FROM shard ORDER BY shard")
    worker = shop.start("catalog")
    assert worker.ended() == 1
    assert why in worker.says()
    assert "docs/runbooks/halted-worker.md" in worker.says()
    assert shop.query("SELECT * FROM shard ORDER BY shard") == before, "it moved before it halted"


def reset(shop, *options, module="catalog"):
    """`stockyard reset-consumer`: its exit code and what it says."""
    process = shop.run("reset-consumer", module, *options)
    return process.ended(), process.says()


def reset_for_good(shop, option, module="catalog"):
    """Follow the runbook: look, accept, wait until nobody is left at work, and say yes."""
    code, says = reset(shop, module=module)
    assert (code, option in says) == (1, True), says
    code, says = reset(shop, option, module=module)
    assert code == 1
    assert "nothing was changed" in says

    def done():
        code, says = reset(shop, option, "--yes", module=module)
        assert code == 0 or "still read by" in says, says
        return code == 0

    eventually("the reset is done", done, LEASE_SECONDS + WAIT_SECONDS)
    code, says = reset(shop, module=module)
    assert (code, "nothing to reset" in says) == (0, True), says


def resets(shop):
    return shop.query(
        "SELECT shard, accepted, from_offset, to_offset, from_incarnation, to_incarnation"
        " FROM consumer_reset ORDER BY shard"
    )


def known_items(shop):
    return {row[0] for row in shop.query("SELECT sku FROM item")}


def lose_log_end(shop, from_offset):
    """Kill the broker, and let it come back without the last records of catalog [0]."""
    shop.server.process.kill()
    shop.server.process.wait(WAIT_SECONDS)
    lost = lose_end(shop.server.directory, topic(shop), 0, from_offset)
    shop.server.again()
    shop.forget_producer()  # the broker has forgotten what it has sent
    return lost


def test_a_topic_made_anew_is_read_from_its_beginning_once_that_is_accepted(pipeline):
    applied, lost, new = items("A", "B"), items("L"), items("N")
    work(pipeline, *applied)
    pipeline.send_raw(lost[0].value, lost[0].raw_headers, "catalog")
    pipeline.spoilt.add("catalog")
    fault = pipeline.fault("24 topic deleted and made anew")
    pipeline.remake("catalog")
    halts(pipeline, "was deleted and made anew")
    fault.seen("the worker halted", True)  # noqa: FBT003  # `halts` has proved it
    reset_for_good(pipeline, "--accept-new-topic")
    fault.heal()
    assert resets(pipeline)[0] == (shard_of("catalog", 0), "new topic", 2, 0, 0, 1)
    pipeline.start("catalog")
    again = [asks.ask(**_same(each)) for each in applied]
    pipeline.ask(*new, *again, *lost)
    assert known_items(pipeline) == {"A", "B", "L", "N"}
    assert pipeline.query("SELECT count(*) FROM journal WHERE record LIKE '%%catalog.%%'")


def _same(each):
    """Its arguments again, under a request of its own."""
    return {
        "kind": each.headers["Command-Type"],
        "body": each.body,
        "key": each.key,
        "Request_Id": f"again-{each.key}",
    }


def test_a_topic_made_anew_under_a_running_worker_halts_it_and_loses_nothing(pipeline):
    worker = pipeline.start("catalog")
    pipeline.ask(*items("A", "B"))
    pipeline.spoilt.add("catalog")
    fault = pipeline.fault("24 topic made anew under a running worker")
    pipeline.remake("catalog")
    more = items(*(f"C{number}" for number in range(5)))
    pipeline.send(*more)  # reaches beyond where the worker stands
    fault.seen("the worker halted", worker.ended() == 1)
    assert "was deleted and made anew" in worker.says()
    reset_for_good(pipeline, "--accept-new-topic")
    fault.heal()
    pipeline.start("catalog")
    pipeline.answers(*more)
    assert {"A", "B", *(f"C{number}" for number in range(5))} == known_items(pipeline)


@pytest.mark.parametrize("written_on", [False, True], ids=["ended", "written on"])
def test_a_log_that_has_lost_its_end_is_read_again_once_that_is_accepted(own_broker, written_on):
    shop = own_broker
    worker = shop.start("catalog")
    for each in items("A", "B", "C", "D"):
        shop.ask(each)
    assert worker.end() == 0
    shop.spoilt.add("catalog")
    fault = shop.fault(f"24 log tail lost{', then written on' if written_on else ''}")
    fault.seen("records are lost", lose_log_end(shop, 2))
    more = items(*(f"M{number}" for number in range(4)))
    if written_on:
        shop.send(*more)
        halts(shop, "the log has lost its end and was written on")
    else:
        halts(shop, "ends at 2, but the database has applied up to 4")
    reset_for_good(shop, "--accept-lost-end")
    fault.heal()
    assert resets(shop) == [(shard_of("catalog", 0), "lost end", 4, 0, 0, 1)]
    if not written_on:
        shop.send(*more)
    shop.start("catalog")
    shop.answers(*more)
    assert known_items(shop) == {"A", "B", "C", "D", "M0", "M1", "M2", "M3"}


def test_a_running_worker_notices_that_the_log_has_lost_its_end(own_broker):
    shop = own_broker
    worker = shop.start("catalog")
    for each in items("A", "B", "C"):
        shop.ask(each)
    shop.spoilt.add("catalog")
    fault = shop.fault("24 log tail lost under a running worker")
    fault.seen("records are lost", lose_log_end(shop, 1))
    assert worker.ended(60) == 1
    assert "has lost its end" in worker.says()
    reset_for_good(shop, "--accept-lost-end")
    fault.heal()
    shop.start("catalog")
    shop.ask(*items("N"))
    assert known_items(shop) == {"A", "B", "C", "N"}


def test_a_cluster_made_anew_is_taken_up_again_by_the_runbook(own_broker):
    shop = own_broker
    worker, projector = shop.start(), shop.run("projector")
    shop.ask(asks.item("A"), asks.location("MAIN"))
    shop.ask(asks.record_stock("A", "5"))
    shop.ask(asks.reserve(asks.line("A", "1")))
    assert worker.end() == 0
    fault = shop.fault("24 cluster made anew")
    shop.server.process.kill()
    shop.server.process.wait(WAIT_SECONDS)
    shutil.rmtree(shop.server.directory / "logs")
    shop.server.again()
    shop.make_topics()
    shop.spoilt |= set(shop.modules)
    shop.forget_topics()
    halts(shop, "was deleted and made anew")
    fault.seen("the projector halted", projector.ended(60) == 1)
    for module in shop.modules:
        reset_for_good(shop, "--accept-new-topic", module=module)
    shop.execute("UPDATE publication SET published_up_to = 0")
    fault.heal()
    shop.start()
    assert shop.run("rebuild").ended() == 0
    shop.run("projector")
    shop.ask(asks.reserve(asks.line("A", "2")))
    assert shop.query("SELECT reserved FROM balance") == [(3,)]


def test_records_that_retention_took_are_named_and_skipped_once_that_is_accepted(own_broker):
    shop = own_broker
    work(shop, *items("A", "B"))
    shop.spoilt.add("catalog")
    fault = shop.fault("25 retention passed the worker")
    for each in items("X", "Y", "Z"):
        shop.send_raw(each.value, each.raw_headers, "catalog")
    keep(shop, 100)
    eventually("retention took them", lambda: begins(shop) == 5)
    keep(shop, 86_400_000)
    halts(shop, "begins at 5, but 2 to 4 were never applied")
    fault.seen("the range was named", True)  # noqa: FBT003  # `halts` has proved it
    reset_for_good(shop, "--skip-missing")
    fault.heal()
    assert resets(shop) == [(shard_of("catalog", 0), "missing records", 2, 5, 0, 0)]
    shop.start("catalog")
    shop.ask(*items("N"))
    assert known_items(shop) == {"A", "B", "N"}


def keep(shop, milliseconds):
    """How long the topic of the catalog's commands keeps its records."""
    entry = ConfigEntry(
        "retention.ms", str(milliseconds), incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource("TOPIC", topic(shop), incremental_configs=[entry])
    admin = shop.admin()
    admin.incremental_alter_configs([resource])[resource].result(WAIT_SECONDS)


def begins(shop):
    return shop.begin_of(topic(shop))


def test_retention_that_passes_a_frozen_worker_halts_it(pipeline):
    worker = pipeline.start("catalog")
    pipeline.ask(*items("A", "B"))
    pipeline.spoilt.add("catalog")
    fault = pipeline.fault("25 retention passed a frozen worker")
    worker.freeze()
    eventually("it is frozen", worker.is_stopped)
    for each in items(*(f"X{number}" for number in range(3))):
        pipeline.send_raw(each.value, each.raw_headers, "catalog")
    pipeline.delete_records(topic(pipeline), before=4)
    worker.wake()
    fault.seen("the worker halted", worker.ended(60) == 1)
    missing = f"begins at 4, but {pipeline.next_offset('catalog')} to 3 were never applied"
    assert missing in worker.says()
    reset_for_good(pipeline, "--skip-missing")
    fault.heal()
    pipeline.start("catalog")
    eventually("the rest is applied", lambda: {"A", "B", "X2"} <= known_items(pipeline))


def test_partitions_that_were_added_are_refused_and_undone_by_the_runbook(pipeline):
    work(pipeline, *items("A"))
    pipeline.spoilt.add("catalog")
    fault = pipeline.fault("26 partitions added to a topic of commands")
    admin = pipeline.admin()
    admin.create_partitions([NewPartitions(topic(pipeline), 5)])[topic(pipeline)].result(
        WAIT_SECONDS
    )
    halts(pipeline, "has 5 partitions instead of 4")
    code, says = reset(pipeline)
    assert code == 1
    fault.seen("no reset makes that good", "has 5 partitions instead of 4" in says)
    pipeline.remake("catalog")
    reset_for_good(pipeline, "--accept-new-topic")
    fault.heal()
    pipeline.start("catalog")
    pipeline.ask(*items("B"))


def test_nothing_is_reset_while_a_worker_is_at_work(pipeline):
    worker = pipeline.start("catalog")
    pipeline.ask(*items("A"))
    shard = shard_of("catalog", 1)
    fault = pipeline.fault("24 reset refused while a worker is at work")
    pipeline.execute("UPDATE shard SET next_offset = 7 WHERE shard = %s", shard)
    code, says = reset(pipeline, "--accept-lost-end", "--yes")
    fault.seen("it was refused", (code, "still read by" in says) == (1, True))
    assert resets(pipeline) == []
    assert worker.end() == 0
    pipeline.execute("UPDATE shard SET next_offset = 0 WHERE shard = %s", shard)
    pipeline.start("catalog")


def test_a_worker_that_held_records_over_a_reset_applies_none_of_them(pipeline):
    pipeline.send(*items("A", "B"))
    zombie = pipeline.start("catalog", fault="w.after_poll:stop:2", batch_records_max=1)
    eventually("it holds a record", zombie.is_stopped)
    pipeline.spoilt.add("catalog")
    fault = pipeline.fault("24 worker frozen over a reset")
    pipeline.remake("catalog")
    reset_for_good(pipeline, "--accept-new-topic")
    zombie.wake()
    eventually("it says what it met", lambda: "was reset to incarnation 1" in zombie.says())
    fault.seen("it held a record of the old topic", True)  # noqa: FBT003  # stopped with it
    fault.heal()
    pipeline.ask(*(asks.ask(**_same(each)) for each in items("C")), *pipeline.sent)
    assert known_items(pipeline) == {"A", "B", "C"}
    assert pipeline.next_offset("catalog") == 3
