"""Tasks that take turns: one runs at a time, and a seed says which and for how long.

Each has a thread, since the code under test calls and does not yield; but a thread moves only while
it holds the turn, so that one seed is one course of events. Time is a number that grows with each
step, and leaps when everybody waits.
"""

import heapq
import itertools
import multiprocessing
import os
import queue
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

STEP_SECONDS = 0.001
STAYS = 0.7
"""How likely the same task goes on where another might."""

Baton = Any
"""A lock; whoever waits for it has not the turn."""


class KilledError(BaseException):
    """The end of a task whose process was killed; nothing of ours may catch it."""


class StuckError(AssertionError):
    """Nobody can go on, or there is no end to it."""


def _lock() -> Baton:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False, slots=True)
class Task:
    """One thread of work; `host` is the process that it lives and dies with."""

    name: str
    host: Any
    work: Callable[[], None]
    until: float = 0.0
    """Sleeps, or is frozen, to this moment."""
    ready: Callable[[], bool] | None = None
    """Waits for this, at most until then."""
    frozen_until: float = 0.0
    killed: bool = False
    thread: int = 0
    baton: Baton = field(default_factory=_lock)

    def may_go(self, now: float) -> bool:
        if self.killed:
            return True
        if self.frozen_until > now:
            return False
        return self.until <= now or (self.ready is not None and self.ready())

    def wakes_at(self) -> float:
        return max(self.until, self.frozen_until)


@dataclass(eq=False, slots=True)
class Turns:
    """Who runs, and what time it is."""

    random: random.Random
    now: float = 0.0
    steps: int = 0
    tasks: list[Task] = field(default_factory=list)
    running: Task | None = None
    meddle: Callable[[Task], None] = lambda _: None
    """Called at each step: where faults come from."""
    _timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)
    _baton: Baton = field(default_factory=_lock)
    _enough: Callable[[], bool] = lambda: True
    _trouble: BaseException | None = None
    _chosen: int = 0
    _steps_max: int = 0
    _chosen_max: int = 0

    def start(self, name: str, host: Any, work: Callable[[], None]) -> Task:
        task = Task(name, host, work)
        self.tasks.append(task)
        _THREADS.lend(lambda: self._live(task))
        return task

    def at(self, moment: float, do: Callable[[], None]) -> None:
        """Do something at a moment, between the steps of the tasks."""
        heapq.heappush(self._timers, (moment, next(self._numbers), do))

    def monotonic(self) -> float:
        return self.now

    def step(self) -> None:
        """Where a task calls a server: another may go on here, and faults may strike."""
        task = self._mine()
        self.steps += 1
        self.now += STEP_SECONDS
        self.meddle(task)
        if task.killed or task.frozen_until > self.now or self.random.random() > STAYS:
            self._yield(task)

    def sleep(self, seconds: float) -> None:
        task = self._mine()
        task.until = self.now + seconds
        self._yield(task)

    def wait(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait for something; whether it came to be in time."""
        task = self._mine()
        task.until, task.ready = self.now + seconds, ready
        self._yield(task)
        task.ready = None
        return ready()

    def _mine(self) -> Task:
        task = self.running
        if task is None or task.thread != threading.get_ident():
            raise RuntimeError(
                "a thread that has not the turn: start it by `start`, or leave it out"
            )
        if task.killed:
            raise KilledError
        return task

    def _yield(self, task: Task) -> None:
        self._pass_on(task, task.baton)
        if task.killed:
            raise KilledError

    def _live(self, task: Task) -> None:
        task.thread = threading.get_ident()
        task.baton.acquire()
        try:
            if not task.killed:
                task.work()
        except KilledError:
            pass
        except BaseException as error:  # noqa: BLE001  # raised by `run`, in the test's thread
            self._trouble = error
        self.tasks.remove(task)
        self._pass_on(None, None)

    def run(self, enough: Callable[[], bool], steps_max: int) -> None:
        """Let the tasks take turns until it is enough.

        Raises:
            StuckError: it never is.
            Exception: that of a task which it ended.
        """
        self._enough = enough
        self._steps_max = self.steps + steps_max
        self._chosen_max = self._chosen + 8 * steps_max
        with _one_processor():
            self._pass_on(None, self._baton)
        if self._trouble is not None:
            raise self._trouble

    def _pass_on(self, mine: Task | None, baton: Baton | None) -> None:
        """Give the turn to whoever is next, and wait for it to come back."""
        try:
            task = None if self._trouble else self._next()
        except StuckError as error:
            self._trouble, task = error, None
        self.running = task
        if task is mine is not None:
            return
        theirs = task.baton if task else self._baton
        if theirs is baton:
            return
        theirs.release()
        if baton is not None:
            baton.acquire()

    def _next(self) -> Task | None:
        """Who is next; nobody, when it is enough."""
        while True:
            self._chosen += 1
            while self._timers and self._timers[0][0] <= self.now:
                heapq.heappop(self._timers)[2]()
            able = [task for task in self.tasks if task.may_go(self.now)]
            if (self._chosen % 16 == 0 or not able) and self._enough():
                return None
            if self.steps > self._steps_max or self._chosen > self._chosen_max:
                raise StuckError(f"no end in sight at {self.now:.1f} s, step {self.steps}")
            if able:
                return able[int(self.random.random() * len(able))]
            self._leap()

    def _leap(self) -> None:
        """To the next moment at which anything happens."""
        moments = [task.wakes_at() for task in self.tasks]
        moments += [moment for moment, _, _ in self._timers[:1]]
        if not moments:
            raise StuckError("nobody is left")
        self.now = max(self.now, min(moments))

    def end(self) -> None:
        """Kill whoever is left, and take the threads back."""
        self._enough, self._trouble = lambda: True, None
        while self.tasks:
            task = self.tasks[0]
            task.killed, self._trouble = True, StuckError("the end")
            self.running = task
            task.baton.release()
            self._baton.acquire()


@contextmanager
def _one_processor() -> Iterator[None]:
    """Passing a turn on to another processor takes ten times as long."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_one_of(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _one_of(processors: set[int]) -> int:
    """Each process of a pool another one."""
    number = multiprocessing.current_process().name.rpartition("-")[2]
    return sorted(processors)[int(number if number.isdigit() else 0) % len(processors)]


class _Threads:
    """Threads that are lent again and again: making one costs as much as a dozen steps."""

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[Callable[[], None]]] = []

    def lend(self, work: Callable[[], None]) -> None:
        if not self._idle:
            box: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(box,), daemon=True).start()
        else:
            box = self._idle.pop()
        box.put(work)

    def _serve(self, box: queue.SimpleQueue[Callable[[], None]]) -> None:
        with _one_processor():
            while True:
                box.get()()
                self._idle.append(box)


_THREADS = _Threads()
