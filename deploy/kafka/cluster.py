"""Three embedded brokers that are one cluster: every record on all of them, acknowledged by two.

On one machine it saves nobody from losing that machine; it shows what a cluster does when one of
its brokers is lost, and how to set one up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.kafka import broker
from deploy.kafka.broker import Kafka, Node
from deploy.kafka.storage import new_id

NODES: Final = (1, 2, 3)
HEAP_MEGABYTES: Final = 160
CLUSTER_FILE: Final = "cluster.id"

PROPERTIES: Final[Mapping[str, str]] = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "unclean.leader.election.enable": "false",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "replica.lag.time.max.ms": "10000",
}


@dataclass(slots=True)
class Cluster:
    """Running brokers, by number. A broker may be ended and begun again while the others serve."""

    data_dir: Path
    nodes: dict[int, Kafka]
    properties: Mapping[str, str]

    @property
    def bootstrap_servers(self) -> str:
        """Where clients begin: any of them."""
        return ",".join(each.bootstrap_servers for each in self.nodes.values())

    def begin(self, number: int) -> None:
        """Start a broker, and do not wait for it."""
        self.nodes[number] = _begin(self.data_dir, number, self.properties)

    def stop(self) -> bool:
        """End all, and keep their data; whether all ended by themselves, unforced."""
        ended = [each.stop() for each in self.nodes.values()]
        return all(ended)


def start(data_dir: Path, *, properties: Mapping[str, str] | None = None) -> Cluster:
    """A cluster on this directory, new or kept, that answers clients when this returns.

    Call from the main thread (see `children.spawn`).

    Raises:
        BrokerError: one did not come up; none is left running.
    """
    cluster = Cluster(data_dir, {}, {**PROPERTIES, **(properties or {})})
    try:
        for number in NODES:
            cluster.begin(number)
        for each in cluster.nodes.values():
            broker.wait_ready(each)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _begin(data_dir: Path, number: int, properties: Mapping[str, str]) -> Kafka:
    node = Node(number, _cluster_id(data_dir), _controllers(data_dir, number))
    return broker.begin(
        _home(data_dir, number), properties=properties, heap_megabytes=HEAP_MEGABYTES, node=node
    )


def _home(data_dir: Path, number: int) -> Path:
    home = data_dir / f"node-{number}"
    home.mkdir(parents=True, exist_ok=True)
    return home


def _controllers(data_dir: Path, starting: int) -> dict[int, int]:
    """Every controller's port; those of running brokers are taken, by them."""
    return {
        number: broker.own_ports(_home(data_dir, number))["CONTROLLER"]
        if number == starting or not broker.stored(_home(data_dir, number))
        else broker.stored(_home(data_dir, number))["CONTROLLER"]
        for number in NODES
    }


def _cluster_id(data_dir: Path) -> str:
    file = data_dir / CLUSTER_FILE
    if not file.exists():
        file.write_text(new_id())
    return file.read_text()
