"""What the fault tests found, fault by fault: the table of docs/reliability.md."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pytest

HEAD = (
    "| fault | runs | recovered in s, median (worst) | duplicates absorbed | fences hit | lost |",
    "| --- | --- | --- | --- | --- | --- |",
)
BEGINS, ENDS = "<!-- the table begins -->", "<!-- the table ends -->"


@dataclass(slots=True)
class Fault:
    """One fault that a test made, and what came of it."""

    name: str
    evidence: list[str] = field(default_factory=list)
    seconds: float | None = None
    """From the end of the last fault until every command had its result."""
    duplicates: int = 0
    fences: int = 0
    """Records that a worker was given again and dropped, and leases that it found lost."""
    runs: int = 1
    _healed_at: float | None = None

    def seen(self, what: str, evidence: Any) -> None:
        """Prove that the fault happened: a test without it would test nothing."""
        assert evidence, f"{self.name}: {what} did not happen"
        self.evidence.append(what)

    def heal(self) -> None:
        """The last of the trouble ends here: from now on all must come right."""
        self._healed_at = time.monotonic()

    def recovered(self) -> None:
        """Everything has its result."""
        if self._healed_at is not None and self.seconds is None:
            self.seconds = time.monotonic() - self._healed_at

    def tell(self, duplicates: int, fences: int = 0) -> None:
        """The invariants hold; into the table with it."""
        assert self.evidence, f"{self.name}: nothing shows that it happened"
        self.duplicates, self.fences = duplicates, fences
        _TOLD.append(self)


_TOLD: list[Fault] = []


def lines() -> Iterator[str]:
    """The table, a row a fault however many tests made it."""
    yield from HEAD
    for name in sorted({fault.name for fault in _TOLD}):
        runs = [fault for fault in _TOLD if fault.name == name]
        took = [fault.seconds for fault in runs if fault.seconds is not None]
        said = f"{median(took):.1f} ({max(took):.1f})" if took else "at once"
        count, copies, fences = (
            sum(getattr(fault, each) for fault in runs) for each in ("runs", "duplicates", "fences")
        )
        yield f"| {name} | {count} | {said} | {copies} | {fences} | nothing |"


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _TOLD:
        return
    terminalreporter.section("faults that were made, and recovered from")
    for line in lines():
        terminalreporter.write_line(line)
    if file := os.environ.get("STOCKYARD_FAULT_TABLE"):
        write(Path(file))


def write(file: Path) -> None:
    """The table into a file: between its marks, if it has them."""
    table = "\n".join(lines()) + "\n"
    before, begins, rest = (file.read_text() if file.exists() else "").partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    marked = begins and ends
    file.write_text(f"{before}{BEGINS}\n{table}{ENDS}{after}" if marked else table)
