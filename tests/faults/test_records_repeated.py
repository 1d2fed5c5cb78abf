"""Records that come twice: at other offsets, on other partitions, under offsets that Kafka forgot."""

import signal
from decimal import Decimal

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

import asks
from processes import WAIT_SECONDS, eventually
from schemas.topics import COMMAND_PARTITIONS, commands_topic, consumer_group

COMMANDS = 60


def again(asked, number, **body):
    """The same command under a request of its own, or another one under its key."""
    headers = {**asked.headers, "Request-Id": f"{asked.key}-again-{number}"}
    return asks.Ask(headers, {**asked.body, **body})


def reserved(pipeline):
    return Decimal(pipeline.query("SELECT reserved FROM balance")[0][0])


@pytest.mark.parametrize(
    "fault_in",
    ["", *(pytest.param(f"w.{step}:kill:2", marks=pytest.mark.slow) for step in ("mid_apply",))],
)
def test_every_command_sent_twice_everywhere_is_applied_once(stocked, fault_in):
    """In the same batch, in a later one, on another partition, and before and after a crash."""
    fault = stocked.fault("14 every command sent twice, also on another partition")
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    same = [again(each, 1) for each in wanted]
    elsewhere = [again(each, 2) for each in wanted]
    other = [again(each, 3, order_id="SO-2") for each in wanted]
    for one, two in zip(wanted, same, strict=True):
        stocked.send(one, two)
    stocked.send(*elsewhere, partition=3)
    first = stocked.start("reservations", fault=fault_in, batch_records_max=25)
    if fault_in:
        fault.seen("the worker was killed in between", first.ended() == -signal.SIGKILL)
        first = stocked.start("reservations")
    stocked.answers(*wanted, *same, *elsewhere)
    stocked.send(*other)
    refused = stocked.answers(*other)
    fault.heal()
    for copies in zip(*(stocked.answers(*each) for each in (wanted, same, elsewhere)), strict=True):
        assert sum(not each["replayed"] for each in copies) == 1
        assert len({each["resource"]["id"] for each in copies}) == 1
    for each in refused:
        assert (each["code"], each["replayed"]) == (422, False)
        assert each["problem"]["type"].endswith("/idempotency-key-reused")
    fault.seen(
        "repeats were recognised", first.metric("stockyard_commands_total", outcome="replayed")
    )
    assert reserved(stocked) == COMMANDS


def lose_committed_offsets(pipeline, how):
    """What Kafka itself keeps of how far the group is: gone, or back at the beginning."""
    group = consumer_group(pipeline.settings.topic_prefix, "reservations")
    topic = commands_topic(pipeline.settings.topic_prefix, "reservations")
    admin = pipeline.admin()

    def committed():
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
        found = asked[group].result(WAIT_SECONDS).topic_partitions
        return {each.partition: each.offset for each in found if each.offset > 0}

    before = eventually("Kafka was told the offsets", committed)
    if how == "deleted":
        eventually("nobody is a member", lambda: is_empty(admin, group))
        admin.delete_consumer_groups([group])[group].result(WAIT_SECONDS)
    else:
        zeros = [TopicPartition(topic, number, 0) for number in range(COMMAND_PARTITIONS)]
        asked = [ConsumerGroupTopicPartitions(group, zeros)]
        eventually("nobody is a member", lambda: is_empty(admin, group))
        admin.alter_consumer_group_offsets(asked)[group].result(WAIT_SECONDS)
    eventually("Kafka has forgotten", lambda: not committed())
    return before


def is_empty(admin, group):
    described = admin.describe_consumer_groups([group])[group].result(WAIT_SECONDS)
    return not described.members


@pytest.mark.slow
@pytest.mark.parametrize("how", ["deleted", "set to 0"])
def test_the_databases_offset_wins_over_kafkas(stocked, how):
    fault = stocked.fault(f"15 Kafka's committed offsets {how}")
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    worker = stocked.start("reservations")
    stocked.ask(*wanted)
    worker.end()
    before = lose_committed_offsets(stocked, how)
    fault.seen("Kafka had the offset, and forgot it", before == {0: COMMANDS})
    fault.heal()
    next_one = stocked.start("reservations")
    late = asks.reserve(asks.line("A", "1"))
    stocked.ask(late)
    assert reserved(stocked) == COMMANDS + 1
    assert next_one.metric("stockyard_redelivered_total") == 0, "it was read again"
    assert next_one.metric("stockyard_commands_total") == 1
    copies = stocked.results()
    assert all(len(copies[each.headers["Request-Id"]]) == 1 for each in (*wanted, late))
