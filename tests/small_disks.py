"""A disk so small that a test may fill it: a tmpfs, which only root may mount."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from servers import scratch

BALLAST = "ballast"


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Its directory; skips the test where there can be none."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk (tmpfs)")
    with scratch() as disk:
        words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs"]
        if subprocess.run([*words, str(disk)], check=False, capture_output=True).returncode:
            pytest.skip("this machine lets nobody mount a tmpfs")
        try:
            yield disk
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave not a block free; the file that takes them."""
    ballast = disk / BALLAST
    with ballast.open("wb") as file:
        while free := shutil.disk_usage(disk).free:  # others are taking of it as well
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free)
    return ballast


def enlarge(disk: Path, megabytes: int) -> None:
    """Give it more room, with all that stands on it."""
    words = ["mount", "-o", f"remount,size={megabytes}m", str(disk)]
    subprocess.run(words, check=True, capture_output=True)
