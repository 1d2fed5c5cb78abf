"""A ledger, topics and read tables for each test."""

import pytest
from pydantic import SecretStr

from deploy.kafka.apply import apply_topics
from ledgers import Ledger
from read_tables import Tables
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


@pytest.fixture
def tables(database_url):
    made = Tables(database_url, Topics())
    yield made
    made.session.close()


@pytest.fixture
def ledger(database_url):
    made = Ledger(database_url).open()
    yield made
    made.close()
