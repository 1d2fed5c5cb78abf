"""The servers that tests run against: real ones, of the kind `stockyard test --servers` names."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from deploy.kafka import broker
from deploy.machine.ports import free_port
from deploy.postgres import server
from deploy.postgres.databases import Databases
from ledger.migrate import migrate_ledger, migrate_read
from producers.kafka_config import client_config
from schemas.settings import Settings

POSTGRES_IMAGE = "postgres:18"
TEMPLATE = "stockyard_template"
KAFKA_SECONDS = 30.0

# What a test commits need not outlive the machine, only the server.
UNSYNCED = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
# Tests do not wait ten seconds for a dead member's partitions; an external broker must allow it too.
QUICK_GROUPS = {"group.min.session.timeout.ms": "1000"}
# Retention is looked after at once, not every five minutes.
OWN_BROKER = {**QUICK_GROUPS, "log.retention.check.interval.ms": "500"}


@dataclass(frozen=True, slots=True)
class Kafka:
    """The broker of this session."""

    bootstrap_servers: str
    spoilable: tuple[int, int] | None = None
    """A listener's port, and the port that its clients are told to use: room for a network."""


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """A broker for the whole session; a test keeps to itself by its `topic_prefix`."""
    with _BROKERS[_kind()]() as found:
        yield found


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A database server for the whole session; a test keeps to itself in its `database_url`."""
    with _DATABASES[_kind()]() as url:
        yield Databases(url)


@pytest.fixture(scope="session")
def migrated_template(postgres) -> Iterator[str]:
    """The name of a database with the newest schema, to be copied."""
    name = f"{TEMPLATE}_{uuid.uuid4().hex[:8]}"
    url = postgres.make(name)
    migrate_ledger(url)
    migrate_read(url)
    yield name
    postgres.drop(name)


@pytest.fixture
def database_url(postgres, migrated_template) -> Iterator[str]:
    """A database of the test's own, with the newest schema and nothing in it."""
    name = f"test_{uuid.uuid4().hex}"
    yield postgres.make(name, template=migrated_template)
    postgres.drop(name)


@pytest.fixture
def topic_prefix(kafka) -> Iterator[str]:
    """A prefix of the test's own; the topics made under it go with the test."""
    prefix = f"t{uuid.uuid4().hex[:12]}"
    yield prefix
    _drop_topics(kafka.bootstrap_servers, prefix)


class OwnServer:
    """A server that a test may kill, and start again on what is left of it in its directory."""

    def __init__(self, start: Callable[[], Any], directory: Path) -> None:
        self._start = start
        self.directory = directory
        self.running = start()

    def again(self) -> None:
        self.running = self._start()

    def change(self, properties: Mapping[str, str]) -> None:
        """End a broker in good order, and start it again with other properties."""
        self.running.stop()
        self.running = broker.start(self.directory, properties={**OWN_BROKER, **properties})

    @property
    def process(self) -> Any:
        return self.running.process


def _kind() -> str:
    return os.environ.get("ERP_TEST_SERVERS", "embedded")


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory that the user whom Postgres runs as may walk, gone at the end."""
    directory = Path(tempfile.mkdtemp(prefix="stockyard-tests-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _embedded_broker() -> Iterator[Kafka]:
    entrance = free_port()
    with scratch() as directory:
        running = broker.start(
            directory, extra_listeners={"SPOILABLE": entrance}, properties=QUICK_GROUPS
        )
        try:
            yield Kafka(running.bootstrap_servers, (running.listener_ports["SPOILABLE"], entrance))
        finally:
            running.stop()


@contextmanager
def _embedded_postgres() -> Iterator[str]:
    with scratch() as directory:
        running = server.start(directory, settings=UNSYNCED)
        try:
            yield running.url("postgres")
        finally:
            running.stop()


@contextmanager
def _docker_broker() -> Iterator[Kafka]:
    from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415 (needs an engine)

    container = KafkaContainer().with_kraft().with_env("KAFKA_MESSAGE_MAX_BYTES", "2097152")
    container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
    for name, value in QUICK_GROUPS.items():
        container.with_env(f"KAFKA_{name.replace('.', '_').upper()}", value)
    with container as running:
        yield Kafka(running.get_bootstrap_server())


@contextmanager
def _docker_postgres() -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415  # slow to import

    with PostgresContainer(POSTGRES_IMAGE, driver=None) as running:
        yield running.get_connection_url()


@contextmanager
def _external_broker() -> Iterator[Kafka]:
    yield Kafka(
        Settings().kafka_bootstrap_servers or pytest.exit("ERP_KAFKA_BOOTSTRAP_SERVERS is not set")
    )


@contextmanager
def _external_postgres() -> Iterator[str]:
    yield Settings().ledger_url or pytest.exit("ERP_DATABASE_URL is not set")


_BROKERS = {"embedded": _embedded_broker, "docker": _docker_broker, "external": _external_broker}
_DATABASES = {
    "embedded": _embedded_postgres,
    "docker": _docker_postgres,
    "external": _external_postgres,
}


def _drop_topics(bootstrap_servers: str, prefix: str) -> None:
    """Ask for the removal and do not wait for it: no later test uses the prefix."""
    admin = AdminClient(client_config(Settings(kafka_bootstrap_servers=bootstrap_servers)))
    names = [
        name for name in admin.list_topics(timeout=KAFKA_SECONDS).topics if name.startswith(prefix)
    ]
    for answer in (admin.delete_topics(names) if names else {}).values():
        answer.result(KAFKA_SECONDS)
