"""A broker's directory made ready: its identity, and the feature levels it starts from."""

import base64
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

from deploy.kafka.jars import JVM_FLAGS, class_path, java, version
from deploy.machine.caches import cache_dir

CHECKPOINT = "bootstrap.checkpoint"
FORMAT_SECONDS = 60.0


def formatted(logs: Path, node_id: int, properties: Path, cluster_id: str) -> None:
    """Make `logs` a broker's storage in a cluster, unless it is one.

    Kafka's own tool does it once a machine; later ones get a copy of its checkpoint, which holds
    feature levels and nothing of a cluster, and so save the tool's start.
    """
    if (logs / "meta.properties").exists():
        return
    checkpoint = cache_dir() / f"kafka-{version()}" / CHECKPOINT
    if not checkpoint.exists():
        _make(checkpoint, properties)
    logs.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkpoint, logs / CHECKPOINT)
    part = logs / "meta.properties.part"
    part.write_text(
        f"version=1\ncluster.id={cluster_id}\nnode.id={node_id}\ndirectory.id={new_id()}\n"
    )
    part.replace(logs / "meta.properties")


def new_id() -> str:
    """An identity as Kafka writes them: 16 random bytes, never beginning with a dash."""
    while (name := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith(
        "-"
    ):
        pass
    return name


def _make(checkpoint: Path, properties: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        settings = Path(scratch) / "server.properties"
        settings.write_text(f"{properties.read_text()}\nlog.dirs={scratch}/logs\n")
        main = ["kafka.tools.StorageTool", "format", "-t", new_id(), "-c", str(settings)]
        subprocess.run(
            [str(java()), *JVM_FLAGS, "-cp", class_path(), *main],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=FORMAT_SECONDS,
        )
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkstemp(dir=checkpoint.parent)[1])
        shutil.copyfile(Path(scratch) / "logs" / CHECKPOINT, part)
        part.replace(checkpoint)
