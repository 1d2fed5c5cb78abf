"""`stockyard test`: the tests of this checkout, on real servers of the kind asked for."""

import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.machine.trouble import OperatorError

ROOT = Path(__file__).resolve().parents[2]
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
USAGE_ERROR = 4  # pytest's own word for it


class Servers(StrEnum):
    """Where the tests' Kafka and Postgres come from."""

    EMBEDDED = "embedded"
    DOCKER = "docker"
    EXTERNAL = "external"


def run(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="the slow tests too")] = False,
    servers: Annotated[
        Servers,
        typer.Option(
            help="embedded; docker through testcontainers; external: named by ERP_DATABASE_URL "
            "and ERP_KAFKA_BOOTSTRAP_SERVERS"
        ),
    ] = Servers.EMBEDDED,
    soak: Annotated[
        float | None, typer.Option(help="only random faults from a seed, for so many minutes")
    ] = None,
) -> None:
    """Run the tests; further arguments are pytest's, and `--seed N` for those made from a seed."""
    if not (ROOT / "tests").is_dir():
        raise OperatorError(f"no tests in {ROOT}: they come with a checkout, not with the package")
    if servers is Servers.DOCKER:
        _engine_answers()
    chosen = _chosen(every=every, soak=soak)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *chosen, *context.args],
        check=False,
        cwd=ROOT,
        env={**os.environ, "ERP_TEST_SERVERS": servers},
    )
    sys.exit(_exit_code(done.returncode))


def _chosen(*, every: bool, soak: float | None) -> list[str]:
    """Which tests, as pytest is told."""
    if soak is not None:
        return ["tests/soak", "-s", "--soak", str(soak)]
    return [] if every else ["-m", "not slow"]


def _exit_code(answer: int) -> int:
    """0 passed, 2 bad usage, 1 anything else, "no test was run" among it."""
    return {0: 0, USAGE_ERROR: 2}.get(answer, 1)


def _engine_answers() -> None:
    import docker  # noqa: PLC0415 (there only with the dev group)

    try:
        docker.from_env(timeout=5).ping()
    except docker.errors.DockerException as error:
        raise OperatorError(
            f"--servers docker needs a Docker engine, and none answers ({error}). Start one, set "
            "DOCKER_HOST, or leave the option away: embedded servers need no Docker"
        ) from error
