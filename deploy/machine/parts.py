"""What a running Stockyard consists of on one machine: two servers and our own processes."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka import broker
from deploy.machine import parent
from deploy.machine.children import Child, spawn
from deploy.machine.ports import HOST, kept_ports
from deploy.machine.probe import is_alive, is_ready
from deploy.machine.supervisor import Part
from deploy.postgres import server

LOG_BYTES_MAX = 20_000_000
ANYWHERE = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104 (what a server listens on is asked here)

# Who ends first: no new requests, then no new commands, then what they left, then the servers.
EDGE, WORKERS, RELAY, PROJECTOR, SERVERS = range(5)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `stockyard up` was asked for."""

    data_dir: Path
    workers: int
    edge_host: str
    edge_port: int

    @property
    def edge_probe(self) -> str:
        """The host to ask the edge at."""
        return ANYWHERE.get(self.edge_host, self.edge_host)

    @property
    def edge_url(self) -> str:
        """Where people and programs of this machine find the edge."""
        return f"http://{self.edge_probe}:{self.edge_port}"


def postgres(data_dir: Path) -> Part:
    """The embedded database server."""
    home, log = data_dir / "postgres", data_dir / "logs" / "postgres.log"
    return Part(
        name="postgres",
        start=lambda: server.start(home, log=rolled(log)).process,
        ready=lambda: True,
        log=log,
        stop_rank=SERVERS,
        stop_by=signal.SIGINT,
        stop_seconds=server.STOP_SECONDS,
    )


def kafka(data_dir: Path) -> Part:
    """The embedded broker."""
    home, log = data_dir / "kafka", data_dir / "logs" / "kafka.log"
    return Part(
        name="kafka",
        start=lambda: broker.begin(home, log=rolled(log)).process,
        ready=lambda: broker.serves(broker.kept_address(home)),
        log=log,
        stop_rank=SERVERS,
        stop_seconds=broker.STOP_SECONDS,
    )


def processes(plan: Plan) -> list[Part]:
    """Our own processes, in the order they start."""
    workers = [f"worker-{number}" for number in range(1, plan.workers + 1)]
    names = ["relay", "projector", "valuation", *workers]
    ports = kept_ports(plan.data_dir / "ports.json", names)
    inner = [
        _process(plan, name, ports[name], stop_rank=rank, probe=(HOST, ports[name]))
        for name, rank in zip(
            names, [RELAY, PROJECTOR, PROJECTOR, *[WORKERS] * plan.workers], strict=True
        )
    ]
    edge = _process(plan, "edge", 0, stop_rank=EDGE, probe=(plan.edge_probe, plan.edge_port))
    return [*inner, edge]


def _process(
    plan: Plan, name: str, health_port: int, *, stop_rank: int, probe: tuple[str, int]
) -> Part:
    log = plan.data_dir / "logs" / f"{name}.log"
    verb = [sys.executable, "-m", "deploy.main", name.partition("-")[0]]
    told = {
        parent.VARIABLE: str(os.getpid()),
        "ERP_HEALTH_PORT": str(health_port),
        "ERP_HTTP_HOST": plan.edge_host,
        "ERP_HTTP_PORT": str(plan.edge_port),
    }
    return Part(
        name=name,
        start=lambda: spawn(Child(verb, log=rolled(log), environment=_with(told))),
        ready=lambda: is_ready(*probe),
        alive=lambda: is_alive(*probe),
        log=log,
        stop_rank=stop_rank,
    )


def _with(told: Mapping[str, str]) -> Mapping[str, str]:
    return {**os.environ, **told}


def rolled(log: Path) -> Path:
    """The log to append to; one that has grown large is put aside first, replacing the last."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".1.log"))
    return log
