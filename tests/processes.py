"""Stockyard's own processes as children of a test: started, spoilt, watched and ended."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from deploy.machine.children import Child, spawn
from deploy.machine.ports import HOST, free_port
from schemas.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
WAIT_SECONDS = 40.0
POLL_SECONDS = 0.05
HTTP_SECONDS = 5.0
SESSION_SECONDS = 3.0
"""A killed worker's partitions wait so long for the next; operators have ten seconds."""


def eventually(what: str, is_so: Callable[[], Any], within_seconds: float = WAIT_SECONDS) -> Any:
    """Wait for something to become true and return it; what it was about is told when it does not."""
    deadline = time.monotonic() + within_seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"not within {within_seconds:.0f} s: {what}"
        time.sleep(POLL_SECONDS)
    return found


@dataclass(slots=True)
class Process:
    """One of our processes: a worker, relay, projector or edge, or a command that ends by itself."""

    process: subprocess.Popen[bytes]
    log: Path
    health_port: int

    def ended(self, within_seconds: float = WAIT_SECONDS) -> int:
        """Its exit code; the negative signal that ended it."""
        return self.process.wait(within_seconds)

    def lives(self) -> bool:
        return self.process.poll() is None

    def state(self) -> str:
        """As the kernel has it: `T` is stopped."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def is_stopped(self) -> bool:
        return self.state() == "T"

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        """Ask it to stop, and wait."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        if self.lives():
            self.process.kill()
            self.process.wait(WAIT_SECONDS)

    def says(self) -> str:
        return self.log.read_text(errors="replace")

    def is_ready(self) -> bool:
        return self._get("/readyz") is not None

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry the labels; 0 of one that was never touched."""
        page = self._get("/metrics") or b""
        return sum(
            sample.value
            for family in text_string_to_metric_families(page.decode())
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def memory_megabytes(self) -> float:
        """Resident, as the kernel counts it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def descriptors(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def _get(self, path: str) -> bytes | None:
        url = f"http://{HOST}:{self.health_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=HTTP_SECONDS) as answer:
                return bytes(answer.read())
        except (urllib.error.URLError, OSError):
            return None


OURS = ("-m", "deploy.main")
"""The `stockyard` command, for the interpreter."""


def start(
    known: Settings,
    log: Path,
    *words: str,
    fault: str = "",
    program: tuple[str, ...] = OURS,
    **settings: Any,
) -> Process:
    """`stockyard <words>` on a test's servers, topics and database.

    `fault` as `schemas.failpoints` reads it; `settings` are those of `schemas.settings`.
    """
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ERP_")},
        "ERP_DATABASE_URL": known.ledger_url,
        "ERP_READ_DATABASE_URL": known.read_url,
        "ERP_KAFKA_BOOTSTRAP_SERVERS": known.kafka_bootstrap_servers,
        "ERP_TOPIC_PREFIX": known.topic_prefix,
        "ERP_HEALTH_PORT": str(port),
        "ERP_CONSUMER_SESSION_SECONDS": str(SESSION_SECONDS),
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        **({"ERP_TEST": "1", "FAULT": fault} if fault else {}),
        **{f"ERP_{name.upper()}": str(value) for name, value in settings.items()},
    }
    command = [sys.executable, *program, *words]
    return Process(spawn(Child(command, log=log, environment=environment)), log, port)
