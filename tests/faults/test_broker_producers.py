"""Producers that the broker no longer understands: whoever publishes makes a new one."""

import random

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.cimpl import NewTopic

import asks
from broken_logs import lose_end
from processes import WAIT_SECONDS, eventually
from schemas.topics import events_topic, shard_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SHARD = shard_of("catalog", 0)
GIVEN_UP = "stockyard_producers_renewed_total"


def events(shop):
    return events_topic(shop.settings.topic_prefix, "catalog")


def configure(shop, topic, **entries):
    """Change a topic's configuration; names have dots for their underscores."""
    changes = [
        ConfigEntry(name.replace("_", "."), str(value), incremental_operation=AlterConfigOpType.SET)
        for name, value in entries.items()
    ]
    resource = ConfigResource("TOPIC", topic, incremental_configs=changes)
    admin = shop.admin()
    admin.incremental_alter_configs([resource])[resource].result(WAIT_SECONDS)


def published(shop):
    return shop.query("SELECT published_up_to FROM publication WHERE shard = %s", SHARD)[0][0]


def tell_again(shop):
    """Let a shard's journal be published once more, by the one who publishes it now."""
    shop.execute(
        "UPDATE publication SET published_up_to = 0, lease_epoch = lease_epoch + 1"
        " WHERE shard = %s",
        SHARD,
    )


def end_of(shop):
    return dict(shop.ends(events(shop)))[0]


@pytest.mark.parametrize("who", ["worker", "relay"])
def test_a_producer_out_of_step_with_its_broker_is_replaced(own_broker, who):
    """The broker loses copies of events, and with them its count of what the producer sent."""
    shop = own_broker
    worker = shop.start("catalog")
    shop.ask(*(asks.item(f"A{number}") for number in range(3)))
    publisher = worker
    if who == "relay":
        assert worker.end() == 0
        publisher = shop.run("relay")
        eventually("the relay is ready", publisher.is_ready)
        shop.execute("UPDATE publication SET lease_until = '-infinity'")
    for _ in range(2):
        before = end_of(shop)
        tell_again(shop)
        eventually("told again", lambda: end_of(shop) > before and published(shop) == 3)  # noqa: B023  # called at once
    fault = shop.fault(f"27 {who}'s producer out of sequence")
    shop.server.process.kill()
    shop.server.process.wait(WAIT_SECONDS)
    fault.seen("copies are lost", lose_end(shop.server.directory, events(shop), 0, before))
    shop.server.again()
    shop.forget_producer()
    fault.heal()
    tell_again(shop)
    eventually("told again after that", lambda: published(shop) == 3)
    fault.seen("a new producer", publisher.metric(GIVEN_UP))
    if who == "relay":
        shop.start("catalog")
    shop.ask(asks.item("B"))
    assert publisher.lives()


def test_a_broker_that_forgets_its_producers_loses_and_doubles_nothing(own_broker):
    shop = own_broker
    shop.server.change({"producer.id.expiration.ms": "500"})
    shop.forget_producer()
    worker = shop.start("catalog")
    shop.ask(asks.item("A"))
    fault = shop.fault("27 producer forgotten by its broker")
    shop.execute("SELECT pg_sleep(3)")  # six times as long as the broker remembers
    fault.seen("time passed", worker.lives())
    fault.heal()
    shop.ask(asks.item("B"))
    assert worker.lives()


def test_what_the_broker_refuses_is_not_overtaken_by_what_comes_behind_it(pipeline):
    """A position is reached only when nothing before it is missing."""
    worker = pipeline.start("catalog")
    pipeline.ask(asks.item("A"))
    fault = pipeline.fault("27 broker refuses a message in the middle")
    configure(pipeline, events(pipeline), max_message_bytes=1_200)
    before = end_of(pipeline)
    dice = random.Random(27)
    pipeline.send(
        asks.item("LONG", name="".join(chr(dice.randrange(0x4E00, 0x9FFF)) for _ in range(500)))
    )
    eventually("refused", lambda: worker.metric(GIVEN_UP))
    for number in range(5):
        pipeline.send(asks.item(f"B{number}"))
    eventually("applied", lambda: pipeline.next_offset("catalog") == 7)
    refusals = worker.metric(GIVEN_UP)
    eventually("refused again", lambda: worker.metric(GIVEN_UP) > refusals)
    fault.seen("nothing came behind it", end_of(pipeline) == before)
    configure(pipeline, events(pipeline), max_message_bytes=2_097_152)
    fault.heal()
    pipeline.converge()
    assert worker.lives()


def test_a_reply_topic_that_takes_nothing_holds_nobody_up(pipeline):
    replies = f"{pipeline.settings.topic_prefix}-replies"
    admin = pipeline.admin()
    new = NewTopic(replies, 1, 1, config={"max.message.bytes": "10"})
    admin.create_topics([new])[replies].result(WAIT_SECONDS)
    worker = pipeline.start("catalog")
    fault = pipeline.fault("27 a caller's reply topic takes nothing")
    pipeline.ask(asks.ask("item.upsert", {"sku": "A", "name": "A"}, Reply_To=replies))
    dropped = "stockyard_replies_dropped_total"
    fault.seen("a reply was refused", eventually("dropped", lambda: worker.metric(dropped)))
    fault.heal()
    pipeline.ask(asks.ask("item.upsert", {"sku": "B", "name": "B"}, Reply_To=replies))
    assert worker.metric(GIVEN_UP) == 0
