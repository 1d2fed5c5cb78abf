"""A ledger, topics and read tables for each test."""

import asyncio

import orjson
import pytest
from pydantic import SecretStr

from asks import TENANT
from deploy.kafka.apply import apply_topics
from ledger import journal, shards
from ledger.views.pool import read_pool
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


@pytest.fixture
def seen(database_url, ledger, tables):
    """Asks a view of the read tables, as they are once all that was journalled is told."""

    async def asked(view, *values):
        async with read_pool(database_url) as pool:
            return await view(pool, TENANT, *values)

    def see(view, *values):
        for shard in shards.ends(ledger.tx):
            for row in journal.after(ledger.tx, shard, 0, 10_000):
                tables.tell(orjson.loads(row.record))
        return asyncio.run(asked(view, *values))

    return see
