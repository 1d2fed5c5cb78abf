"""A ledger, topics and read tables for each test."""

import pytest
from pydantic import SecretStr

from asks import Ledger
from deploy.kafka.apply import apply_topics
from reading import Reading, Topics
from schemas.settings import Settings


@pytest.fixture
def reading(kafka, database_url, topic_prefix):
    """A ledger, topics and read tables of the test's own; its processes end with it."""
    settings = Settings(
        kafka_bootstrap_servers=kafka.bootstrap_servers,
        database_url=SecretStr(database_url),
        topic_prefix=topic_prefix,
    )
    apply_topics(settings)
    reading = Reading(settings, Ledger(database_url).open())
    yield reading
    reading.close()


@pytest.fixture
def topics():
    return Topics()
