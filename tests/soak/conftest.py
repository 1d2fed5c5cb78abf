"""A whole Stockyard for the soak: servers of its own behind networks that can be spoilt."""

from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from deploy.kafka import broker
from deploy.machine.ports import free_port
from deploy.postgres import server
from faulty_network import FaultyNetwork, rerouted
from ledger.migrate import migrate_ledger, migrate_read
from pipelines import Pipeline
from schemas.settings import Settings
from servers import QUICK_GROUPS, UNSYNCED, OwnServer, scratch
from soak.ground import Ground

LISTENER = "SPOILABLE"


@pytest.fixture
def ground():
    """The test asks the servers directly; every process of ours goes by way of the networks."""
    entrance = free_port()
    with scratch() as directory:
        base, log = directory / "postgres", directory / "kafka"
        postgres = OwnServer(lambda: server.start(base, settings=UNSYNCED), base)
        listeners = {LISTENER: entrance}
        kafka = OwnServer(
            lambda: broker.start(log, extra_listeners=listeners, properties=QUICK_GROUPS), log
        )
        url = postgres.running.url()
        migrate_ledger(url)
        migrate_read(url)
        networks = {
            "Postgres": FaultyNetwork(urlsplit(url).port).open(),
            "broker": FaultyNetwork(kafka.running.listener_ports[LISTENER], entrance).open(),
        }
        pipeline = Pipeline(
            Settings(
                kafka_bootstrap_servers=kafka.running.bootstrap_servers,
                database_url=SecretStr(url),
                topic_prefix="soak",
            )
        )
        pipeline.make_topics()
        ours = {
            "database_url": rerouted(url, networks["Postgres"]),
            "read_database_url": rerouted(url, networks["Postgres"]),
            "kafka_bootstrap_servers": f"127.0.0.1:{entrance}",
        }
        yield Ground(pipeline, {"Postgres": postgres, "broker": kafka}, networks, ours)
        pipeline.close()
        for network in networks.values():
            network.close()
        for own in (kafka, postgres):
            own.running.stop()
