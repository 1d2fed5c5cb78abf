"""How far a long proof has come: a line now and then, for whoever waits."""

from collections.abc import Callable
from time import monotonic
from typing import Final

EVERY_SECONDS: Final = 5.0

Tell = Callable[[str], object]


class Progress:
    """Counts rows, and says every few seconds how many there were and how fast they come."""

    def __init__(self, tell: Tell, every_seconds: float = EVERY_SECONDS) -> None:
        self._tell = tell
        self._every = every_seconds
        self._began = self._told = monotonic()
        self._rows = self._expected = 0

    def expect(self, rows: int) -> None:
        """So many journal rows are to come by."""
        self._expected = rows

    def came_by(self, rows: int) -> None:
        """So many more have."""
        self._rows += rows
        if self._is_due():
            rate = self._rows / (monotonic() - self._began)
            self._tell(f"{self._rows:,} of {self._expected:,} journal rows, {rate:,.0f} a second")

    def begin(self, check: str) -> None:
        """The next check begins."""
        if self._is_due():
            self._tell(f"comparing: {check}")

    def _is_due(self) -> bool:
        due = monotonic() - self._told >= self._every
        if due:
            self._told = monotonic()
        return due
