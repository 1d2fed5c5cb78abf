"""The bench's servers: embedded, durable as in production, a fresh database and topics per case."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Final
from urllib.request import urlopen

import psycopg
from pydantic import SecretStr
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from deploy.kafka.apply import apply_topics
from deploy.machine import issuer, servers
from deploy.machine.children import Child, spawn, stop
from deploy.machine.ports import free_port
from deploy.machine.servers import Servers
from deploy.postgres.databases import Databases
from ledger.migrate import migrate_ledger, migrate_read
from schemas.settings import Settings

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers of one run of the bench."""

    servers: Servers
    data_dir: Path

    def case(self, name: str, items: int) -> Settings:
        """A fresh database and topics for one case, with that many items well in stock."""
        url = self.servers.postgres.database(name)
        settings = Settings(
            database_url=SecretStr(url),
            kafka_bootstrap_servers=self.servers.kafka.bootstrap_servers,
            topic_prefix=name.replace("_", "-"),
        )
        migrate_ledger(url)
        migrate_read(url)
        apply_topics(settings)
        fill_catalog(url, items)
        return settings

    def token(self) -> str:
        """For everything that a case asks the edge."""
        bearer = issuer.Bearer("default", "bench", [], ["admin"])
        return issuer.token(self.data_dir, Settings(), bearer)

    def drop(self, settings: Settings) -> None:
        """Remove a case's database."""
        Databases(self.servers.postgres.url()).drop(settings.ledger_url.rsplit("/", 1)[1])


@contextmanager
def running(data_dir: Path) -> Iterator[Stage]:
    """Both servers below a directory."""
    started = servers.start(data_dir.absolute())
    issuer.ensure(data_dir)
    try:
        yield Stage(started, data_dir)
    finally:
        started.stop()


_LOCATION: Final = "INSERT INTO location VALUES ('default', 'MAIN', 'Main', 1, 'bench')"
_ITEMS: Final = """
INSERT INTO item (tenant_id, sku, name, uom, track_by, version, actor_id)
SELECT 'default', 'I' || n, 'Item ' || n, 'each', 'none', 1, 'bench'
FROM generate_series(1, %s) n
"""
# Straight into the tables, since what is measured comes after; the movements that would prove
# these balances are left out, so `verify` is not for a bench's database.
_BALANCES: Final = """
INSERT INTO balance (tenant_id, sku, location, lot, on_hand, reserved, held, incoming, version)
SELECT 'default', 'I' || n, 'MAIN', '', 100000000, 0, 0, 0, 1 FROM generate_series(1, %s) n
"""


def fill_catalog(url: str, items: int) -> None:
    """Items at one location, with more stock than any case asks for."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_LOCATION)
        connection.execute(_ITEMS, [items])
        connection.execute(_BALANCES, [items])
        connection.execute("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True)
class Part:
    """A process of ours under measurement."""

    process: Popen[bytes]
    health_port: int

    def page(self, path: str) -> str:
        """One page of its health port."""
        with urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def is_ready(self) -> bool:
        """Whether it says so."""
        try:
            return bool(self.page("/readyz"))
        except OSError:
            return False


@contextmanager
def parts(stage: Stage, settings: Settings, verbs: Sequence[Sequence[str]]) -> Iterator[list[Part]]:
    """Processes of the `stockyard` command, ready; stopped at the end."""
    started = [_start(stage, settings, verb, number) for number, verb in enumerate(verbs)]
    ready = Retrying(
        retry=retry_if_result(lambda all_ready: not all_ready),
        stop=stop_after_delay(READY_SECONDS),
        wait=wait_fixed(0.1),
    )
    try:
        ready(lambda: all(part.is_ready() for part in started))
        yield started
    finally:
        for part in started:
            stop(part.process, by=signal.SIGTERM, within_seconds=STOP_SECONDS)


def _start(stage: Stage, settings: Settings, verb: Sequence[str], number: int) -> Part:
    # The edge answers for its health on its own port.
    port = settings.http_port if verb[0] == "edge" else free_port()
    environment = {
        **os.environ,
        "ERP_DATABASE_URL": settings.ledger_url,
        "ERP_KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "ERP_TOPIC_PREFIX": settings.topic_prefix,
        "ERP_HTTP_PORT": str(settings.http_port),
        "ERP_HEALTH_PORT": str(port),
        "ERP_RATE_REQUESTS_MAX": "0",
        "ERP_AUTH_JWKS_FILE": str(issuer.public_file(stage.data_dir)),
    }
    log = stage.data_dir / "logs" / f"{verb[0]}-{number}.log"
    command = [sys.executable, "-m", "deploy.main", *verb]
    return Part(spawn(Child(command, log, environment=environment)), port)
