"""Keeping the parts of a running Stockyard alive: start, wait for ready, restart, stop in order.

A part that died is started again, and so is one that runs but has not moved for long.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from deploy.machine.children import KILL_SECONDS, tail_of
from deploy.machine.says import say
from deploy.machine.trouble import OperatorError

QUICK_DEATH_SECONDS = 30.0
QUICK_DEATHS_MAX = 5
BACKOFF_SECONDS = 0.5
BACKOFF_SECONDS_MAX = 8.0
READY_SECONDS = 180.0
POLL_SECONDS = 0.05
LOOK_SECONDS = 5.0
STILL_SECONDS = 60.0


class PartError(OperatorError):
    """A part does not start, or dies as often as it is started."""


class AskedToStop(BaseException):
    """A signal asked us to end; raised in the main thread, wherever it is."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that runs: how it is started, known to be ready, and asked to end."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[], bool]
    log: Path
    stop_rank: int
    """Lower ranks end first; parts of one rank end together."""
    stop_by: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15.0
    alive: Callable[[], bool] = lambda: True
    """Whether it moves; asked now and then, and to be answered within a few seconds."""


@dataclass(slots=True)
class Running:
    """A part with the process it has now, and its history of deaths."""

    part: Part
    process: subprocess.Popen[bytes]
    since: float = field(default_factory=time.monotonic)
    quick_deaths: int = 0
    restart_at: float | None = None
    look_at: float = 0.0
    still_since: float | None = None


class Supervisor:
    """The parts that run. Every method is for the main thread (see `children.spawn`)."""

    def __init__(self) -> None:
        self.parts: list[Running] = []

    def start(self, part: Part) -> None:
        """Start a part; it is kept alive by `turn` and ended by `stop`."""
        self.parts.append(Running(part, part.start()))

    def wait_ready(self, *, within_seconds: float = READY_SECONDS) -> None:
        """Wait until every part is ready, reviving what dies meanwhile."""
        deadline = time.monotonic() + within_seconds
        waiting = list(self.parts)
        while waiting:
            self.turn()
            waiting = [each for each in waiting if not each.part.ready()]
            if waiting and time.monotonic() > deadline:
                names = ", ".join(each.part.name for each in waiting)
                tail = tail_of(waiting[0].part.log)
                raise PartError(f"not ready after {within_seconds:.0f} s: {names}\n{tail}")
            time.sleep(POLL_SECONDS if waiting else 0)

    def turn(self) -> None:
        """Look after every part once: note a death, revive when its pause is over, see it move."""
        for each in self.parts:
            if each.restart_at is not None:
                _revive(each)
            elif each.process.poll() is not None:
                _note_death(each)
            elif time.monotonic() >= each.look_at:
                _look_after(each)

    def stop(self) -> bool:
        """End all parts, rank by rank; whether all ended unforced. Never longer than their caps."""
        ordered = sorted(self.parts, key=lambda each: each.part.stop_rank)
        clean = True
        for _, rank in groupby(ordered, key=lambda each: each.part.stop_rank):
            clean = _stop_together(list(rank)) and clean
        self.parts.clear()
        return clean

    def kill(self) -> None:
        """End all parts at once, without asking."""
        _kill(self.parts)


def _note_death(each: Running) -> None:
    """A part that keeps dying young is not revived for ever: its log says what the matter is."""
    part, lived = each.part, time.monotonic() - each.since
    each.quick_deaths = each.quick_deaths + 1 if lived < QUICK_DEATH_SECONDS else 1
    code = each.process.returncode
    if each.quick_deaths >= QUICK_DEATHS_MAX:
        raise PartError(
            f"{part.name} died {QUICK_DEATHS_MAX} times in a row, at last with code {code}; "
            f"the end of {part.log}:\n{tail_of(part.log)}"
        )
    pause = min(BACKOFF_SECONDS * 2 ** (each.quick_deaths - 1), BACKOFF_SECONDS_MAX)
    each.restart_at = time.monotonic() + pause
    say(f"{part.name} died with code {code} after {lived:.1f} s; starting it again in {pause} s")


def _revive(each: Running) -> None:
    if each.restart_at is not None and time.monotonic() >= each.restart_at:
        each.process, each.since, each.restart_at = each.part.start(), time.monotonic(), None
        each.still_since = None


def _look_after(each: Running) -> None:
    """End a part that has not moved for long: the next turn finds it dead, and revives it."""
    moves, now = each.part.alive(), time.monotonic()
    each.look_at = now + LOOK_SECONDS
    if moves:
        each.still_since = None
    elif each.still_since is None:
        each.still_since = now
    elif now - each.still_since > STILL_SECONDS:
        say(f"{each.part.name} has not moved for {now - each.still_since:.0f} s: killed")
        each.process.kill()
        each.look_at, each.still_since = now + STILL_SECONDS, None


def _stop_together(rank: Sequence[Running]) -> bool:
    for each in rank:
        if each.process.poll() is None:
            each.process.send_signal(each.part.stop_by)
    deadline = time.monotonic() + max(each.part.stop_seconds for each in rank)
    try:
        for each in rank:
            each.process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        names = ", ".join(each.part.name for each in rank if each.process.poll() is None)
        say(f"no end of {names} in time: killed")
        _kill(rank)
        return False
    return True


def _kill(some: Iterable[Running]) -> None:
    alive = [each for each in some if each.process.poll() is None]
    for each in alive:
        each.process.kill()
    for each in alive:
        each.process.wait(KILL_SECONDS)
