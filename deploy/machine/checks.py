"""What a machine must have, and what it would be good for it to have; looked at, not changed."""

import os
import shutil
import socket
import ssl
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.error import URLError

from deploy.kafka import jars
from deploy.machine.caches import cache_dir
from deploy.machine.download import Artifact, base_url, missing_of
from deploy.machine.ports import is_free
from deploy.machine.trouble import OperatorError
from deploy.postgres import binaries, owner
from schemas.settings import Settings

DISK_BYTES_MIN = 2_000_000_000
MEMORY_BYTES_MIN = 1_500_000_000
REACH_SECONDS = 5.0
PYTHON_MIN = (3, 11)


class Verdict(StrEnum):
    """How a finding stands; only BAD makes `doctor` fail."""

    GOOD = "ok"
    WARNING = "warning"
    BAD = "BAD"


class DoubtError(Exception):
    """Something that is not well and that one can live with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, how it stands, and what to do if it is not well."""

    subject: str
    verdict: Verdict
    words: str


def every_finding(known: Settings, data_dir: Path) -> Iterator[Finding]:
    """All findings; embedded servers are looked at only where no server of one's own is named."""
    yield _find("python", _python)
    yield _find("disk", lambda: _disk(data_dir))
    yield _find("memory", _memory)
    yield _find("edge's port", lambda: _port(known.http_port))
    if known.kafka_bootstrap_servers:
        yield _find("your kafka", lambda: _broker_answers(known))
    else:
        yield _find("java", lambda: str(jars.java()))
        yield _find("kafka's jars", lambda: _fetched(jars.artifacts()))
    if known.ledger_url:
        yield _find("your postgres", lambda: _database_answers(known.ledger_url))
    else:
        yield _find("postgres", lambda: _fetched([binaries.artifact()]))
        yield _find("postgres's user", lambda: _postgres_user(data_dir))
    yield _find("docker", _docker)


def _find(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, Verdict.GOOD, look())
    except DoubtError as doubt:
        return Finding(subject, Verdict.WARNING, str(doubt))
    except OperatorError as error:
        return Finding(subject, Verdict.BAD, str(error))


def _python() -> str:
    if sys.version_info < PYTHON_MIN:
        raise OperatorError(f"{sys.version.split()[0]} is too old: install 3.11 or newer")
    return sys.version.split()[0]


def _disk(data_dir: Path) -> str:
    place = next(step for step in (data_dir, *data_dir.parents) if step.exists())
    free = shutil.disk_usage(place).free
    if free < DISK_BYTES_MIN:
        raise OperatorError(f"{free / 1e9:.1f} GB free at {place}: 2 GB are needed; make room")
    if not os.access(place, os.W_OK):
        raise OperatorError(f"{place} is not writable: choose another --data-dir")
    return f"{free / 1e9:.0f} GB free at {place}"


def _memory() -> str:
    file = Path("/proc/meminfo")
    if not file.exists():
        raise DoubtError("cannot be told on this system; 1.5 GB should be free")
    lines = (line.split() for line in file.read_text().splitlines())
    free = next(int(words[1]) * 1024 for words in lines if words[0] == "MemAvailable:")
    if free < MEMORY_BYTES_MIN:
        raise DoubtError(f"{free / 1e9:.1f} GB available; it may be slow below 1.5 GB")
    return f"{free / 1e9:.1f} GB available"


def _port(port: int) -> str:
    if port and not is_free(port):
        raise DoubtError(f"{port} is taken (by a running Stockyard?): else use `up --port 0`")
    return f"{port} is free"


def _fetched(needed: list[Artifact]) -> str:
    """The network is only asked when something must still come over it."""
    missing = missing_of(needed, cache_dir() / "maven")
    if not missing:
        return f"fetched, in {cache_dir()}"
    _reach(f"{base_url()}/{missing[0].path}")
    size = sum(artifact.size_bytes for artifact in missing)
    return f"to be fetched at the first start: {len(missing)} files, {size / 1e6:.0f} MB"


def _reach(url: str) -> None:
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 (ours or the operator's)
    try:
        urllib.request.urlopen(request, timeout=REACH_SECONDS).close()  # noqa: S310  # an address of ours
    except (URLError, OSError, ssl.SSLError) as error:
        raise OperatorError(
            f"must be fetched, and the artifact repository does not answer ({error}): "
            "mend the network, or set ERP_MAVEN_URL to a mirror"
        ) from error


def _postgres_user(data_dir: Path) -> str:
    place = next(step for step in (data_dir, *data_dir.parents) if step.exists())
    return owner.explained(place)


def _broker_answers(known: Settings) -> str:
    from confluent_kafka import KafkaException  # noqa: PLC0415 (slow to import)
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415  # slow to import

    from producers.kafka_config import client_config  # noqa: PLC0415  # slow to import

    try:
        client = AdminClient({**client_config(known), "log_level": 0})
        brokers = client.list_topics(timeout=REACH_SECONDS).brokers
    except KafkaException as error:
        raise OperatorError(
            f"{known.kafka_bootstrap_servers} does not answer ({error.args[0].str()}): check "
            "ERP_KAFKA_BOOTSTRAP_SERVERS and the ERP_KAFKA_SECURITY_*, SASL_* and SSL_* settings"
        ) from error
    return f"{len(brokers)} brokers answer at {known.kafka_bootstrap_servers}"


def _database_answers(url: str) -> str:
    import psycopg  # noqa: PLC0415 (slow to import)

    try:
        with psycopg.connect(url, connect_timeout=int(REACH_SECONDS)) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        raise OperatorError(f"does not answer ({error}): check ERP_DATABASE_URL") from error
    if version < 15_00_00:
        raise OperatorError(f"is version {version // 10_000}: 15 or newer is needed")
    return f"version {version // 10_000} answers"


def _docker() -> str:
    """Only `stockyard test --servers docker` would use it."""
    path = Path(
        os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    )
    if not path.is_socket():
        raise DoubtError("no engine; not needed, except for `stockyard test --servers docker`")
    with socket.socket(socket.AF_UNIX) as engine:
        engine.settimeout(REACH_SECONDS)
        if engine.connect_ex(str(path)):
            raise DoubtError(f"{path} does not answer; not needed")
    return f"an engine answers at {path}"
