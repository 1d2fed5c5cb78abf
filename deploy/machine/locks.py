"""One process at a time: a lock that ends with its holder, however the holder ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.machine.says import say
from deploy.machine.trouble import OperatorError

POLL_SECONDS = 0.05


class LockedError(OperatorError):
    """Another process still holds what we need, and the wait for it has run out."""


def acquire(path: Path, *, within_seconds: float, why: str) -> int:
    """An open, locked descriptor of `path`; close it to let go.

    Handed to a child, the lock lasts as long as the child: so a server killed together with its
    parent is waited for by the next start, not clashed with.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline, told = time.monotonic() + within_seconds, False
    while not _locked(descriptor):
        if not told:
            say(f"waiting for another process: {why}")
            told = True
        if time.monotonic() > deadline:
            os.close(descriptor)
            raise LockedError(f"{why}: {path} is held by another process")
        time.sleep(POLL_SECONDS)
    return descriptor


@contextmanager
def held(path: Path, *, within_seconds: float, why: str) -> Iterator[None]:
    """Hold the lock at `path` for the length of a block."""
    descriptor = acquire(path, within_seconds=within_seconds, why=why)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
