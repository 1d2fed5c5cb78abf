"""Child processes that never outlive us: started, stopped, and ended with their parent."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
KILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Child:
    """What to start: its command line, where its output goes, and how it is asked to end."""

    arguments: Sequence[str]
    log: Path
    ends_by: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] | None = None
    user: str | None = None
    lock: int | None = None
    """A locked descriptor (`locks.acquire`) that the child keeps for as long as it lives."""


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, so that Ctrl-C reaches only us and we end it in order.

    Call from the main thread: the kernel's promise to end a child with its parent is kept when the
    *thread* that started it ends.
    """
    child.log.parent.mkdir(parents=True, exist_ok=True)
    with child.log.open("ab") as log:
        return subprocess.Popen(
            child.arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=child.environment,
            start_new_session=True,
            user=child.user,
            group=_group(child.user),
            extra_groups=[] if child.user else None,
            pass_fds=() if child.lock is None else (child.lock,),
            preexec_fn=_end_with_parent(child.ends_by),  # noqa: PLW1509 (it calls the kernel only)
        )


def stop(process: subprocess.Popen[bytes], by: signal.Signals, *, within_seconds: float) -> bool:
    """Ask a child to end, and end it when it does not; whether it ended by itself."""
    if process.poll() is not None:
        return True
    process.send_signal(by)
    try:
        process.wait(within_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(KILL_SECONDS)
        return False
    return True


def tail_of(log: Path, *, lines: int = 15) -> str:
    """The end of a log, for the message about a child that died."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _group(user: str | None) -> int | None:
    if user is None:
        return None
    import pwd  # noqa: PLC0415 (only root, on a Unix, needs it)

    return pwd.getpwnam(user).pw_gid


def _end_with_parent(by: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes its program; Linux only, elsewhere nothing."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def promise() -> None:
        prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
        if os.getppid() != parent:  # it was gone before the promise was made
            os._exit(1)

    return promise
