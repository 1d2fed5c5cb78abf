"""The declared topics are made once, and a broker's other opinion of them is an error."""

import time

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from deploy.kafka.apply import TopicsError, apply_topics, declared, existing
from schemas.settings import Settings


@pytest.fixture
def known(kafka, topic_prefix):
    return Settings(kafka_bootstrap_servers=kafka.bootstrap_servers, topic_prefix=topic_prefix)


def settle(known, expected):
    """Wait until the broker tells its clients what it has done."""
    deadline = time.monotonic() + 30
    while not expected(existing(known)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_declared_is_made_and_then_left_alone(known):
    wanted = {topic.name: topic.partitions for topic in declared(known.topic_prefix)}
    assert sorted(apply_topics(known)) == sorted(wanted)
    assert apply_topics(known) == []
    assert existing(known) == wanted


def test_only_what_is_missing_is_made(known):
    apply_topics(known)
    gone = f"{known.topic_prefix}.results"
    admin = AdminClient({"bootstrap.servers": known.kafka_bootstrap_servers})
    admin.delete_topics([gone], operation_timeout=30)[gone].result(30)
    settle(known, lambda there: gone not in there)
    assert apply_topics(known) == [gone]


def test_another_number_of_partitions_is_an_error_that_names_the_topic(known):
    apply_topics(known)
    name = f"{known.topic_prefix}.results"
    admin = AdminClient({"bootstrap.servers": known.kafka_bootstrap_servers})
    admin.create_partitions([NewPartitions(name, 9)])[name].result(30)
    settle(known, lambda there: there[name] == 9)
    with pytest.raises(TopicsError, match=rf"{name} has 9 partitions, declared are \d"):
        apply_topics(known)


def test_more_copies_than_brokers_is_an_error(known):
    with pytest.raises(TopicsError, match="replication factor"):
        apply_topics(known, copies=3)
