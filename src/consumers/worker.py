"""The worker: one consumer group's member for each of its modules, each in a thread of its own."""

import gc
import os
from collections.abc import Sequence
from threading import Thread
from time import monotonic, sleep
from typing import Final

import psycopg
import structlog
from confluent_kafka import KafkaException

from consumers import metrics
from consumers.member import Member
from consumers.places import HaltError
from consumers.reader import WedgedError
from ledger.shards import ResetError
from producers.process import Process
from producers.publisher import PublishError
from schemas.settings import Settings

log = structlog.get_logger()

STOP_SECONDS: Final = 30.0
LEAVE_SECONDS: Final = 5.0
STUCK_POLLS: Final = 2
"""A loop that has not turned for so many times the longest batch does not turn any more."""
PAUSE_SECONDS_MAX: Final = 10.0

_WAITING_MENDS: Final = (psycopg.Error, KafkaException, PublishError, ResetError, WedgedError)


def run(modules: Sequence[str], settings: Settings) -> int:
    """Work until a signal comes or a module halts. Returns the exit code: 1 after a halt."""
    process = Process(settings, *modules)
    process.health.beat_seconds_max = STUCK_POLLS * settings.consumer_poll_seconds_max
    _tame_the_collector()
    threads = [Module(name, settings, process) for name in modules]
    for thread in threads:
        thread.start()
    while not process.asked_to_stop(1.0):
        process.health.beat(min(thread.turned_at for thread in threads))
        if not all(thread.is_alive() for thread in threads):
            process.stop()
    until = monotonic() + STOP_SECONDS
    while any(thread.is_busy() for thread in threads) and monotonic() < until:
        sleep(0.05)
    process.close()
    failed = any(thread.failed or thread.is_busy() for thread in threads)
    left = [thread.name for thread in threads if thread.is_alive()]
    if left:
        log.warning("ends before its threads do", modules=left, work_undone=failed)
        os._exit(int(failed))
    return int(failed)


def _tame_the_collector() -> None:
    """Look for cyclic garbage between batches only (docs/decisions/0004-garbage-collector.md)."""
    gc.collect()
    gc.freeze()
    gc.disable()


class Module(Thread):
    """One module's thread: a member of its group, and a new one when the servers were away."""

    def __init__(self, name: str, settings: Settings, process: Process) -> None:
        super().__init__(name=name)
        self.failed = False
        self.turned_at = monotonic()
        self._leaving_at: float | None = None
        metrics.LOOP_AGE.labels(name).set_function(lambda: monotonic() - self.turned_at)
        self._settings = settings
        self._process = process

    def is_busy(self) -> bool:
        """Whether it works, or has only just begun to leave its group.

        A broker that does not answer keeps one that leaves for a minute; all is done by then.
        """
        left_long_ago = self._leaving_at and monotonic() - self._leaving_at > LEAVE_SECONDS
        return self.is_alive() and not left_long_ago

    def run(self) -> None:
        """Work until asked to stop. What waiting cannot mend ends the process."""
        structlog.contextvars.bind_contextvars(module=self.name)
        try:
            self._work_on()
        except HaltError as error:
            metrics.HALTS.labels(self.name).inc()
            log.error("halted", why=str(error))  # noqa: TRY400  # the message is the whole story
            self._process.health.set(self.name, "halted")
            self.failed = True
        except Exception:
            log.exception("stopped by an error")
            self.failed = True

    def _work_on(self) -> None:
        """Begin anew, after a growing pause, for as long as the servers are away."""
        pause = 1.0
        while not self._process.asked_to_stop():
            gc.collect()  # the member that went, a circle of clients with their connections
            began = monotonic()
            try:
                self._follow(Member(self._settings, self.name, self._process.stopping))
            except _WAITING_MENDS as error:
                if self._process.asked_to_stop():
                    log.warning("leaves a batch to the next", why=str(error))
                    return
                metrics.RESTARTS.labels(self.name, *metrics.cause(error)).inc()
                log.warning("begins anew", why=str(error), in_seconds=pause)
                self._process.health.set(self.name, "waits for a server")
                self._process.asked_to_stop(pause)
                long_ago = monotonic() - began > 2 * PAUSE_SECONDS_MAX
                pause = 1.0 if long_ago else min(2 * pause, PAUSE_SECONDS_MAX)
                self.turned_at = monotonic()

    def _follow(self, member: Member) -> None:
        try:
            while not self._process.asked_to_stop():
                member.turn()
                self.turned_at = monotonic()
                self._process.health.set(self.name, member.state)
        finally:
            try:
                member.finish()
            finally:
                if self._process.asked_to_stop():
                    self._leaving_at = monotonic()
                member.leave()
