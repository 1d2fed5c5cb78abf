"""Three brokers, each killed in turn under load: nothing that was acknowledged is lost."""

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import ConfigResource

from deploy.kafka.cluster import NODES
from processes import WAIT_SECONDS, eventually
from schemas.topics import commands_topic
from workload import Workload

pytestmark = [pytest.mark.slow, pytest.mark.timeout(590)]

BATCH = 50
PER_SECOND = 60
MORE_COMMANDS_THAN_NEEDED = 100_000
STEP = 100
"""So many commands are acknowledged before a broker is killed, and while it is away."""
WITHOUT_IT_SECONDS = 90.0


def in_sync(shop):
    """How many copies are in sync, of the partition that has the fewest."""
    try:
        topics = shop.admin().list_topics(timeout=5).topics
    except KafkaException:
        return 0
    names = [name for name in topics if name.startswith(shop.settings.topic_prefix)]
    partitions = [each for name in names for each in topics[name].partitions.values()]
    return min(len(each.isrs) for each in partitions)


def config(shop, topic):
    resource = ConfigResource("TOPIC", topic)
    admin = shop.admin()
    entries = admin.describe_configs([resource])[resource].result(WAIT_SECONDS)
    return {name: entry.value for name, entry in entries.items()}


def test_each_of_three_brokers_dies_under_load_and_comes_back(own_cluster):
    shop = own_cluster
    brokers = shop.server.running
    topic = config(shop, commands_topic(shop.settings.topic_prefix, "reservations"))
    assert topic["min.insync.replicas"] == "2"
    assert topic["unclean.leader.election.enable"] == "false"
    worker = shop.start(batch_records_max=BATCH)
    work = Workload(shop, seed=20)
    work.stock_up()
    work.begin(MORE_COMMANDS_THAN_NEEDED, per_second=PER_SECOND)

    def more_arrive():
        before = len(shop.sent)
        eventually("more arrive", lambda: len(shop.sent) > before + STEP, WITHOUT_IT_SECONDS)

    for number in NODES:
        fault = shop.fault("20 each of three brokers killed in turn")
        more_arrive()
        brokers.nodes[number].process.kill()
        brokers.nodes[number].process.wait(WAIT_SECONDS)
        fault.seen("a copy is missing", eventually("it is missed", lambda: in_sync(shop) == 2))
        more_arrive()
        brokers.begin(number)
        eventually("all copies are back", lambda: in_sync(shop) == 3, WITHOUT_IT_SECONDS)
        fault.heal()
        more_arrive()
        fault.recovered()
    work.stop()
    work.end()
    shop.converge(WITHOUT_IT_SECONDS)
    assert not shop.unsure, "with two of three there, every command is taken"
    assert worker.lives(), "the worker gave up"


def test_with_two_of_three_away_nothing_is_acknowledged_and_nothing_is_lost(own_cluster):
    shop = own_cluster
    brokers = shop.server.running
    worker = shop.start(batch_records_max=BATCH)
    work = Workload(shop, seed=21)
    work.stock_up()
    fault = shop.fault("20 two of three brokers killed")
    for number in NODES[1:]:
        brokers.nodes[number].process.kill()
        brokers.nodes[number].process.wait(WAIT_SECONDS)
    before = len(shop.sent)
    work.send(STEP)
    shop.producer().flush(5.0)
    fault.seen("nothing is acknowledged", len(shop.sent) == before)
    for number in NODES[1:]:
        brokers.begin(number)
    eventually("all copies are back", lambda: in_sync(shop) == 3, WITHOUT_IT_SECONDS)
    fault.heal()
    work.end()
    shop.converge(WITHOUT_IT_SECONDS)
    assert worker.lives(), "the worker gave up"
