"""This checkout's own environment, made from its lock: run by `./stockyard`, on a bare Python.

Nothing but the standard library may be used here. Whatever interrupts it, the next run puts it
right: the stamp that says "made" is written last.
"""

import contextlib
import fcntl
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
STAMP = VENV / "stockyard.stamp"
UV_LOCK = Path(__file__).with_name("uv.requirements.lock")
PYTHON = VENV / "bin" / "python"

STEP_SECONDS = 1800.0
OTHERS_SECONDS = 3600.0
POLL_SECONDS = 0.2
QUICK_SECONDS = 60.0


class SetUpError(Exception):
    """What went wrong, and what to do about it."""


def main() -> int:
    """Make the environment unless another process has meanwhile; 0 when it is there."""
    made_from = sys.argv[1]
    try:
        with _alone():
            if not _is_made(made_from):
                _make(made_from)
    except SetUpError as error:
        _say(f"set-up failed: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _make(made_from: str) -> None:
    began = time.monotonic()
    STAMP.unlink(missing_ok=True)
    _say("making this checkout's Python environment in .venv, once")
    uv, settings = _uv(), _uv_environment()
    if not _runs(PYTHON):
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], settings)
    install = [uv, "pip", "--quiet"]
    lock = ["--require-hashes", str(ROOT / "requirements.lock")]
    _run([*install, "sync", "--python", str(PYTHON), *lock], settings)
    project = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    _run([*install, "install", "--python", str(PYTHON), *project], settings)
    part = STAMP.with_suffix(".part")
    part.write_text(made_from)
    part.replace(STAMP)
    _say(f"environment ready after {time.monotonic() - began:.1f} s")


def _is_made(made_from: str) -> bool:
    script = VENV / "bin" / "stockyard"
    return script.exists() and STAMP.exists() and STAMP.read_text() == made_from and _runs(PYTHON)


def _uv() -> str:
    """The installer: the one on the PATH, else a pinned one of our own, fetched with pip."""
    if found := shutil.which("uv"):
        return found
    (pin,) = (word[4:] for word in UV_LOCK.read_text().split() if word.startswith("uv=="))
    target = TOOLS / f"uv-{pin}"
    program = target / "bin" / "uv"
    if not _runs(program):
        _say(f"fetching uv {pin}")
        shutil.rmtree(target, ignore_errors=True)
        quiet = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
        words = ["install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
        _run([*_pip(), *words, "--target", str(target), "-r", str(UV_LOCK)], quiet)
    return str(program)


def _pip() -> list[str]:
    """A pip that works: the interpreter's, or one in an environment made for it."""
    if _works([sys.executable, "-m", "pip", "--version"]):
        return [sys.executable, "-m", "pip"]
    helper = TOOLS / "pip"
    python = helper / "bin" / "python"
    if not _works([str(python), "-m", "pip", "--version"]) and not _works(
        [sys.executable, "-m", "venv", "--clear", str(helper)]
    ):
        raise SetUpError(
            f"neither uv nor pip nor venv is there for {sys.executable}. Install one of them, "
            "for instance: apt-get install python3-venv"
        )
    return [str(python), "-m", "pip"]


def _uv_environment() -> Mapping[str, str]:
    """Uv reads nothing of pip's: what a machine tells pip about its network is passed on.

    That is its mirror, and its own certificates, which a company's proxy may need.
    """
    told = {**os.environ}
    index = told.get("PIP_INDEX_URL") or _configured_index()
    if index and not {"UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"} & told.keys():
        told["UV_DEFAULT_INDEX"] = index
    if told.get("PIP_CERT"):
        told.setdefault("SSL_CERT_FILE", told["PIP_CERT"])
    if ssl.get_default_verify_paths().cafile:
        told.setdefault("UV_SYSTEM_CERTS", "true")
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 (Path raises when unknown)
        told.setdefault("UV_CACHE_DIR", str(TOOLS / "cache"))
    return told


def _configured_index() -> str:
    ask = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    answer = subprocess.run(ask, check=False, capture_output=True, text=True, timeout=QUICK_SECONDS)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    try:
        done = subprocess.run(command, check=False, env=dict(environment), timeout=STEP_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise SetUpError(f"no end after {STEP_SECONDS:.0f} s: {' '.join(command)}") from error
    if done.returncode:
        raise SetUpError(
            f"{' '.join(command)} ended with {done.returncode}. If this machine reaches packages "
            "through a mirror, set UV_DEFAULT_INDEX (and PIP_INDEX_URL) to it and run again"
        )


def _runs(program: Path) -> bool:
    return program.exists() and _works([str(program), "--version"])


def _works(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=QUICK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One set-up of a checkout at a time; the kernel lets go when a process ends in any way."""
    TOOLS.mkdir(exist_ok=True)
    deadline, told = time.monotonic() + OTHERS_SECONDS, False
    with (TOOLS / "set-up.lock").open("w") as lock:
        while not _taken(lock.fileno()):
            if time.monotonic() > deadline:
                raise SetUpError("another process has been setting up this checkout for an hour")
            if not told:
                _say("another process is setting up this checkout; waiting for it")
                told = True
            time.sleep(POLL_SECONDS)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _say(line: str) -> None:
    print(f"stockyard: {line}", file=sys.stderr, flush=True)  # noqa: T201  # nothing else is installed yet


if __name__ == "__main__":
    sys.exit(main())
