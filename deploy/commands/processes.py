"""The long-running processes, each startable by itself: workers, relay, projector, edge."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.parent import leave_with_parent
from deploy.machine.trouble import OperatorError

DataDir = Annotated[Path, typer.Option(help="whose servers to use when the environment names none")]
Modules = Annotated[list[str] | None, typer.Argument(help="whose commands to apply; default: all")]


def worker(modules: Modules = None, data_dir: DataDir = DATA_DIR) -> None:
    """Apply the commands of the given modules, until a signal comes."""
    leave_with_parent()
    from consumers.worker import run  # noqa: PLC0415 (slow to import)
    from schemas.commands import SERVED  # noqa: PLC0415  # slow to import

    sys.exit(run(modules or SERVED, adopt(data_dir)))


def relay(data_dir: DataDir = DATA_DIR) -> None:
    """Publish what a crash left unpublished, until a signal comes."""
    leave_with_parent()
    from producers.relay import run  # noqa: PLC0415 (slow to import)

    sys.exit(run(adopt(data_dir)))


def worker_run_once(data_dir: DataDir = DATA_DIR) -> None:
    """Publish every row that waits, and end."""
    from producers.relay import drain  # noqa: PLC0415 (slow to import)

    sys.exit(drain(adopt(data_dir)))


def valuation(data_dir: DataDir = DATA_DIR) -> None:
    """Keep what stock is worth as it moves, until a signal comes."""
    leave_with_parent()
    from consumers.valuation import run  # noqa: PLC0415 (slow to import)

    sys.exit(run(adopt(data_dir)))


def projector(data_dir: DataDir = DATA_DIR) -> None:
    """Fold events into the read tables, until a signal comes."""
    leave_with_parent()
    from consumers.projector import run  # noqa: PLC0415 (slow to import)

    sys.exit(run(adopt(data_dir)))


def rebuild(data_dir: DataDir = DATA_DIR) -> None:
    """Make the read tables anew while the old ones serve; exit code 1 if they serve on."""
    from consumers.project import UnprojectableError  # noqa: PLC0415 (slow to import)
    from consumers.rebuild import run  # noqa: PLC0415  # slow to import

    try:
        sys.exit(run(adopt(data_dir), typer.echo))
    except UnprojectableError as error:
        raise OperatorError(f"not rebuilt, the old tables serve on: {error}") from error


def edge(data_dir: DataDir = DATA_DIR) -> None:
    """Answer HTTP requests, until a signal comes."""
    leave_with_parent()
    from api.edge import run  # noqa: PLC0415 (slow to import)

    sys.exit(run(adopt(data_dir)))
