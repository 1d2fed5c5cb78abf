"""Postgres's own programs for backups: this machine's, or those that a pinned wheel brings along.

The embedded server comes without them. They are those of the server's major version: an older one
cannot read a newer server, and a backup is checked by programs of its own version only.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.machine import set_up
from deploy.machine.caches import cache_dir, for_every_user
from deploy.machine.locks import held
from deploy.machine.trouble import OperatorError

NEEDED: Final = ("pg_basebackup", "pg_receivewal", "pg_waldump")
PLACES: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
)
LOCK: Final = Path(__file__).resolve().parents[2] / "requirements-bench.lock"
INSTALL_SECONDS: Final = 300
VERSION_SECONDS: Final = 20


class NoProgramsError(OperatorError):
    """There are no backup programs of this version."""


def programs(major: int) -> Path:
    """The directory with the backup programs of a major version, fetched if need be.

    Raises:
        NoProgramsError: this machine has none, and the wheel has none of that version.
    """
    wheel = cache_dir() / "pgbench"
    on_path = shutil.which("pg_basebackup")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += [found for place in PLACES for found in sorted(Path("/").glob(place[1:]))]
    found = _of(major, folders) or _of(major, _inside(wheel))
    if found is None:
        install(wheel)
        found = _of(major, _inside(wheel))
    if found is None:
        raise NoProgramsError(
            f"no {', '.join(NEEDED)} of Postgres {major} on this machine: install its client "
            f"programs, for instance apt-get install postgresql-client-{major} postgresql-{major}"
        )
    return found


def install(target: Path) -> None:
    """Fetch the wheel, by its hash, unless another process has just done so.

    Raises:
        OperatorError: it is not to be had.
    """
    lock, part = target.with_name(f"{target.name}.lock"), target.with_name(f"{target.name}.part")
    with for_every_user(), held(lock, within_seconds=INSTALL_SECONDS, why="fetching programs"):
        if target.exists():
            return
        shutil.rmtree(part, ignore_errors=True)
        _install(part)
        part.replace(target)


def _install(target: Path) -> None:
    # Our environment has no pip: the installer is the one that made it.
    installer, environment = set_up._uv(), set_up._uv_environment()  # noqa: SLF001  # as the script finds it
    words = ["install", "--quiet", "--no-deps", "--require-hashes", "--target", str(target)]
    done = subprocess.run(
        [installer, "pip", *words, "--python", sys.executable, "-r", str(LOCK)],
        env=dict(environment),
        timeout=INSTALL_SECONDS,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OperatorError(f"Postgres's programs cannot be fetched: {done.stderr[-300:]}")


def _inside(wheel: Path) -> list[Path]:
    return [found.parent for found in sorted(wheel.glob("**/bin/pg_basebackup"))]


def _of(major: int, folders: list[Path]) -> Path | None:
    return next((each for each in folders if _whole(each) and _major(each) == major), None)


def _whole(folder: Path) -> bool:
    return all((folder / name).exists() for name in NEEDED)


def _major(folder: Path) -> int | None:
    """The version that a program says it is; none when it does not run here."""
    program = [str(folder / NEEDED[0]), "--version"]
    done = subprocess.run(
        program, check=False, capture_output=True, text=True, timeout=VERSION_SECONDS
    )
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if found else None
