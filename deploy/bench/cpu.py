"""Processor time by kind of process, from /proc: where a command's microseconds go."""

import os
from collections import Counter
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
_KINDS: Final = (
    ("kafka.Kafka", "broker"),
    ("postgres: ", "postgres"),
    ("bin/postgres", "postgres"),
    ("deploy.main worker", "workers"),
    ("deploy.main edge", "edge"),
    ("deploy.main projector", "projector"),
    ("deploy.bench.commerce", "producer"),
)


def seconds_by_kind() -> Counter[str]:
    """Seconds of processor time that the living processes of each kind have used."""
    used: Counter[str] = Counter()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            kind = next((kind for mark, kind in _KINDS if mark in command), None)
            if kind:
                used[kind] += (int(fields[11]) + int(fields[12])) / TICKS  # type: ignore[assignment]  # seconds, a float
    return used


def memory_mb(pid: int) -> float:
    """A process's resident memory, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
