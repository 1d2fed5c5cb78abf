"""Servers of a test's own to kill, networks to spoil, and the proof that all came out right."""

from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

import asks
from deploy.kafka import broker, cluster
from deploy.machine.trouble import OperatorError
from deploy.postgres import server
from deploy.postgres.programs import programs
from deploy.postgres.recovery import MAJOR
from edges import start_edge
from faulty_network import FaultyNetwork
from ledger.migrate import migrate_ledger, migrate_read
from pipelines import Pipeline
from schemas.settings import Settings
from servers import OWN_BROKER, UNSYNCED, OwnServer, scratch


@pytest.fixture(autouse=True)
def _proved(proved):
    """Whatever a test did, everything must come out right."""


@pytest.fixture
def stocked(pipeline):
    """An item with a hundred in stock, and nobody at work on reservations."""
    worker = pipeline.start("catalog", "stock")
    pipeline.ask(asks.item("A"), asks.location("MAIN"))
    pipeline.ask(asks.record_stock("A", "100"))
    worker.end()
    return pipeline


@pytest.fixture
def own_postgres(kafka, topic_prefix):
    """A pipeline on a database server of its own: `pipeline.server`."""
    with scratch() as directory:
        settings = dict(UNSYNCED)
        own = OwnServer(lambda: server.start(directory, settings=settings), directory)
        own.settings = settings
        url = own.running.url()
        migrate_ledger(url)
        migrate_read(url)
        yield from _pipeline(kafka.bootstrap_servers, url, topic_prefix, own)


@pytest.fixture
def broker_directory():
    """Where a test's own broker keeps its data."""
    with scratch() as directory:
        yield directory


@pytest.fixture
def own_broker(broker_directory, postgres, migrated_template, topic_prefix):
    """A pipeline on a broker of its own: `pipeline.server`."""
    directory = broker_directory
    own = OwnServer(lambda: broker.start(directory, properties=OWN_BROKER), directory)
    url = postgres.make(topic_prefix, template=migrated_template)
    yield from _pipeline(own.running.bootstrap_servers, url, topic_prefix, own)
    postgres.drop(topic_prefix)


@pytest.fixture
def own_cluster(postgres, migrated_template, topic_prefix):
    """A pipeline on three brokers of its own, which are one cluster: `pipeline.server.running`."""
    with scratch() as directory:
        own = OwnServer(lambda: cluster.start(directory, properties=OWN_BROKER), directory)
        url = postgres.make(topic_prefix, template=migrated_template)
        yield from _pipeline(own.running.bootstrap_servers, url, topic_prefix, own, copies=3)
        postgres.drop(topic_prefix)


def _pipeline(bootstrap_servers, url, prefix, own, copies=1):
    pipeline = Pipeline(
        Settings(
            kafka_bootstrap_servers=bootstrap_servers,
            database_url=SecretStr(url),
            topic_prefix=prefix,
        )
    )
    pipeline.server, pipeline.copies = own, copies
    pipeline.make_topics()
    yield pipeline
    pipeline.close()
    own.running.stop()


@pytest.fixture(scope="session")
def backup_programs():
    """Postgres's programs for backups, which the embedded server comes without."""
    try:
        programs(MAJOR)
    except OperatorError as error:
        pytest.skip(f"needs Postgres's backup programs: {error}")


@pytest.fixture
def new_edge(pipeline):
    """Starts an edge of the pipeline, as often as it is called."""
    edges = []

    def start(**options):
        edges.append(start_edge(pipeline, **options))
        return edges[-1]

    yield start
    for each in edges:
        each.http.close()


@pytest.fixture
def kafka_network(kafka):
    """A way to the session's broker that can be spoilt: its entrance is a bootstrap server."""
    if kafka.spoilable is None:
        pytest.skip("needs the embedded broker: its extra listener advertises the faulty network")
    port, entrance = kafka.spoilable
    network = FaultyNetwork(port, entrance).open()
    yield network
    network.close()


@pytest.fixture
def postgres_network(postgres):
    """A way to the session's database server that can be spoilt."""
    network = FaultyNetwork(urlsplit(postgres.admin_url).port).open()
    yield network
    network.close()
