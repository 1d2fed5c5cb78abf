"""An embedded Kafka: a real broker that is its own controller, on a directory that it keeps.

Alone by default; `cluster.py` makes several of them one.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.kafka.jars import JVM_FLAGS, class_path, java
from deploy.kafka.storage import formatted, new_id
from deploy.machine.children import Child, spawn, stop, tail_of
from deploy.machine.locks import acquire
from deploy.machine.ports import HOST, answers, kept_ports, stored_ports
from deploy.machine.trouble import OperatorError

READY_SECONDS = 90.0
STOP_SECONDS = 20.0
PREDECESSOR_SECONDS = 30.0
POLL_SECONDS = 0.03

PROPERTIES: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "message.max.bytes": "2097152",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": "16777216",
    # A killed broker may come back under its id only when its old session has ended.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "300",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A broker's place in a cluster; by default the only one, of a cluster of its own."""

    number: int = 1
    cluster_id: str = ""
    controllers: Mapping[int, int] = field(default_factory=dict)
    """The controller's port of every node."""


ALONE = Node()


class BrokerError(OperatorError):
    """The embedded broker did not come up."""


@dataclass(frozen=True, slots=True)
class Kafka:
    """A running embedded broker. Its address stays the same over restarts on its directory."""

    log: Path
    port: int
    process: subprocess.Popen[bytes]
    listener_ports: Mapping[str, int]
    """Where each extra listener really listens; its clients are told the advertised port."""

    @property
    def bootstrap_servers(self) -> str:
        """Where clients begin."""
        return f"{HOST}:{self.port}"

    def stop(self) -> bool:
        """End the broker and keep its data; whether it ended by itself, unforced."""
        return stop(self.process, signal.SIGTERM, within_seconds=STOP_SECONDS)


def start(
    data_dir: Path,
    *,
    extra_listeners: Mapping[str, int] | None = None,
    properties: Mapping[str, str] | None = None,
    heap_megabytes: int = 256,
    ready_seconds: float = READY_SECONDS,
) -> Kafka:
    """A broker on this directory, new or kept, that answers clients when this returns."""
    kafka = begin(
        data_dir,
        extra_listeners=extra_listeners,
        properties=properties,
        heap_megabytes=heap_megabytes,
    )
    wait_ready(kafka, within_seconds=ready_seconds)
    return kafka


def begin(
    data_dir: Path,
    *,
    extra_listeners: Mapping[str, int] | None = None,
    properties: Mapping[str, str] | None = None,
    heap_megabytes: int = 256,
    log: Path | None = None,
    node: Node = ALONE,
) -> Kafka:
    """Start a broker and do not wait for it.

    `extra_listeners` names further listeners (`{"PROXIED": 19092}`) with the port they advertise,
    so that a test may put a faulty network between a client and the broker. `properties` replace
    or add to the broker's own. Call from the main thread (see `children.spawn`).
    """
    data_dir, jars = data_dir.absolute(), class_path()
    log = log or data_dir / "broker.log"
    purpose = f"a broker on {data_dir}"
    lock = acquire(data_dir / ".lock", within_seconds=PREDECESSOR_SECONDS, why=purpose)
    try:
        advertised = dict(extra_listeners or {})
        ports = own_ports(data_dir, *advertised)
        settings = data_dir / "server.properties"
        chosen = {**_place(node, ports["CONTROLLER"]), **(properties or {})}
        settings.write_text(_properties(data_dir, ports, advertised, chosen))
        formatted(data_dir / "logs", node.number, settings, node.cluster_id or new_id())
        flags = [f"-Xmx{heap_megabytes}m", *JVM_FLAGS]
        command = [str(java()), *flags, "-cp", jars, "kafka.Kafka", str(settings)]
        process = spawn(Child(command, log=log, lock=lock))
    finally:
        os.close(lock)
    extra = {name: ports[name] for name in advertised}
    return Kafka(log, ports["PLAINTEXT"], process, extra)


def own_ports(data_dir: Path, *more: str) -> dict[str, int]:
    """The ports of the broker on this directory, by listener."""
    return kept_ports(data_dir / "ports.json", ["PLAINTEXT", "CONTROLLER", *more])


def stored(data_dir: Path) -> dict[str, int]:
    """The ports chosen so far for a broker on this directory, which may be running on them."""
    return stored_ports(data_dir / "ports.json")


def _place(node: Node, controller: int) -> dict[str, str]:
    controllers = node.controllers or {node.number: controller}
    voters = ",".join(f"{number}@{HOST}:{port}" for number, port in sorted(controllers.items()))
    return {"node.id": str(node.number), "controller.quorum.voters": voters}


def kept_address(data_dir: Path) -> str:
    """The address of the broker on this directory, running or not; empty if there never was one."""
    port = stored(data_dir).get("PLAINTEXT")
    return f"{HOST}:{port}" if port else ""


def _properties(
    data_dir: Path,
    ports: Mapping[str, int],
    advertised: Mapping[str, int],
    chosen: Mapping[str, str],
) -> str:
    told = {**ports, **advertised}
    addresses = {
        "listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items()),
        "advertised.listeners": ",".join(
            f"{name}://{HOST}:{port}" for name, port in told.items() if name != "CONTROLLER"
        ),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in ports),
        "log.dirs": str(data_dir / "logs"),
    }
    lines = {**PROPERTIES, **addresses, **chosen}
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def wait_ready(kafka: Kafka, *, within_seconds: float = READY_SECONDS) -> None:
    """Wait until a client gets an answer; a broker that dies or dawdles is ended and told of."""
    deadline = time.monotonic() + within_seconds
    while not serves(kafka.bootstrap_servers):
        if kafka.process.poll() is not None or time.monotonic() > deadline:
            kafka.stop()
            tail = tail_of(kafka.log)
            raise BrokerError(f"Kafka did not start in {within_seconds:.0f} s:\n{tail}")
        time.sleep(POLL_SECONDS)


def serves(bootstrap_servers: str) -> bool:
    """Whether a client gets an answer there; quick to say no while nobody listens."""
    if not answers(int(bootstrap_servers.rpartition(":")[2])):
        return False
    from confluent_kafka import KafkaException  # noqa: PLC0415 (slow to import)
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415  # slow to import

    quiet: dict[str, str | int | float | bool] = {
        "bootstrap.servers": bootstrap_servers,
        "log_level": 0,
    }
    try:
        return bool(AdminClient(quiet).list_topics(timeout=1).brokers)
    except KafkaException:
        return False
