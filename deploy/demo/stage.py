"""The demo's own Stockyard: fresh servers and processes in a directory that is emptied before."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.commands.up import listen_to_signals, plan_for, start_servers, stop_parts
from deploy.machine.addresses import keep_edge_url
from deploy.machine.locks import acquire, held
from deploy.machine.parts import processes
from deploy.machine.says import say
from deploy.machine.supervisor import AskedToStop, Supervisor
from deploy.machine.trouble import OperatorError
from schemas.settings import Settings

ALONE_SECONDS: Final = 5.0
PREDECESSOR_SECONDS: Final = 40.0
MARK: Final = "demo.txt"
"""Only a directory that holds this file, or nothing, is ever emptied."""
LOCK: Final = "up.lock"

# The demo replays into an empty system, so it never takes servers that somebody else uses.
OTHERS_SERVERS: Final = (
    "ERP_DATABASE_URL",
    "ERP_READ_DATABASE_URL",
    "ERP_KAFKA_BOOTSTRAP_SERVERS",
    "ERP_KAFKA_SECURITY_PROTOCOL",
    "ERP_AUTH_JWKS_URL",
    "ERP_AUTH_JWKS_FILE",
    "ERP_PUBLISHER",
    "ERP_TOPIC_PREFIX",
)


@contextmanager
def running(data_dir: Path, *, workers: int, whole: bool) -> Iterator[tuple[Settings, Supervisor]]:
    """A fresh system, stopped at the end; `whole`: with the projector and the edge too.

    Raises:
        OperatorError: the directory is in use or not ours, or a part does not start.
    """
    data_dir, supervisor = data_dir.absolute(), Supervisor()
    with held(data_dir / LOCK, within_seconds=ALONE_SECONDS, why=f"demo on {data_dir}"):
        _empty(data_dir)
        _forget_others()
        listen_to_signals()
        try:
            known = start_servers(supervisor, data_dir)
            _start_processes(supervisor, known, data_dir, workers, whole=whole)
            yield known, supervisor
        except AskedToStop:
            say("stopping")
            raise
        finally:
            stop_parts(supervisor)


def _start_processes(
    supervisor: Supervisor, known: Settings, data_dir: Path, workers: int, *, whole: bool
) -> None:
    plan = plan_for(known, data_dir, 0, workers)
    parts = [part for part in processes(plan) if whole or part.name.startswith(("worker", "relay"))]
    say(f"starting {', '.join(part.name for part in parts)}")
    for part in parts:
        supervisor.start(part)
    supervisor.wait_ready()
    if whole:
        keep_edge_url(data_dir, plan.edge_url)


def _empty(data_dir: Path) -> None:
    """Remove what an earlier demo left, once its servers, if any still run, have ended."""
    inside = [path for path in data_dir.iterdir() if path.name != LOCK]
    if inside and not (data_dir / MARK).exists():
        raise OperatorError(
            f"{data_dir} is not empty and not a demo's: name another with --data-dir"
        )
    for lock in data_dir.glob("*/.lock"):
        os.close(acquire(lock, within_seconds=PREDECESSOR_SECONDS, why="the last demo's server"))
    (data_dir / MARK).write_text("Made by `stockyard demo`, which empties this directory.\n")
    for path in inside:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()


def _forget_others() -> None:
    if named := [name for name in OTHERS_SERVERS if os.environ.pop(name, None)]:
        say(f"the demo runs on servers of its own, not those of {', '.join(named)}")
