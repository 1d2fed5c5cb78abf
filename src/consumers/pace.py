"""How a long piece of work tells how far it is: so many of so many, how fast, how long still."""

from collections.abc import Callable
from time import monotonic
from typing import Final

SAY_SECONDS: Final = 2.0


def pace_line(what: str, done: int, total: int, seconds: float) -> str:
    """One line of progress; `seconds` is how long the work has taken so far."""
    said = f"{done:,} of {total:,} {what}"
    per_second = done / seconds if seconds > 0 else 0.0
    if not per_second:
        return said
    left = max(0, total - done) / per_second
    return f"{said}, {per_second:,.0f} a second, about {_spelt(left)} left"


def _spelt(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


class Pace:
    """Says a line now and then, from its making on."""

    def __init__(self, what: str, say: Callable[[str], None]) -> None:
        self._what, self._say = what, say
        self._began = self._said_at = monotonic()

    def tell(self, done: int, total: int) -> None:
        """Say how far it is, if the last line is old enough."""
        now = monotonic()
        if now - self._said_at >= SAY_SECONDS:
            self._said_at = now
            self._say(pace_line(self._what, done, total, now - self._began))
