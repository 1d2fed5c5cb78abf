"""Whether the workers keep up: past a limit of waiting commands, writes are refused unsent.

A longer queue serves nobody: its callers leave before their results come, and ask again. Those
that are refused wait outside, where they cost nothing, and what is queued is applied meanwhile.
"""

import asyncio
from contextlib import suppress
from math import ceil
from time import monotonic
from typing import Final, NamedTuple

import structlog
from confluent_kafka import KafkaException
from prometheus_client import Counter, Gauge

from api.problems import OVERLOADED, Refused
from producers.lag import GroupLag, Standing
from schemas.problems import problem
from schemas.settings import Settings

log = structlog.get_logger()

WAITING: Final = Gauge(
    "stockyard_edge_commands_waiting", "Commands that no worker has applied yet", ["module"]
)
SHED: Final = Counter("stockyard_edge_writes_shed", "Writes refused for a backlog", ["module"])
MEASURE_SECONDS: Final = 1.0
RETRY_SECONDS_MAX: Final = 60


class Seen(NamedTuple):
    """How a module stood, and when."""

    standing: Standing
    at: float


def retry_after(now: Seen, before: Seen | None, most: int) -> int:
    """When the backlog will be within its limit, at the pace of late: seconds, 1 to a minute."""
    excess = now.standing.waiting - most
    if before is None or now.at <= before.at:
        return 1
    per_second = (now.standing.applied - before.standing.applied) / (now.at - before.at)
    if per_second <= 0:
        return RETRY_SECONDS_MAX
    return min(max(1, ceil(excess / per_second)), RETRY_SECONDS_MAX)


class Load:
    """The backlog of each module that this edge was asked to write to, as last measured."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.edge_lag_max
        self._lag = GroupLag(settings)
        self._asked: set[str] = set()
        self._seen: dict[str, Seen] = {}
        self._retry_after: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to measure, once a second at most."""
        if self._most:
            self._task = asyncio.create_task(self._keep_measuring())

    async def stop(self) -> None:
        """Measure no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def admit(self, module: str) -> None:
        """Let a write in; what is not measured yet is let in.

        Raises:
            Refused: 503, too many commands of its module wait already; nothing is sent.
        """
        self._asked.add(module)
        retry_seconds = self._retry_after.get(module)
        if retry_seconds is None:
            return
        SHED.labels(module).inc()
        waiting = self._seen[module].standing.waiting
        said = f"{waiting} commands of {module} wait, the limit is {self._most}; nothing was sent"
        raise Refused(problem(OVERLOADED, said), retry_after_seconds=retry_seconds)

    async def _keep_measuring(self) -> None:
        while True:
            for module in sorted(self._asked):
                try:
                    standing = await asyncio.to_thread(self._lag.of, module)
                except KafkaException as error:
                    # A broker that is away is told by whoever sends.
                    log.info("the backlog is not known", module=module, error=str(error))
                    self._seen.pop(module, None)
                    self._retry_after.pop(module, None)
                else:
                    self._note(module, Seen(standing, monotonic()))
            await asyncio.sleep(MEASURE_SECONDS)

    def _note(self, module: str, now: Seen) -> None:
        WAITING.labels(module).set(now.standing.waiting)
        before, self._seen[module] = self._seen.get(module), now
        shed = module in self._retry_after
        if now.standing.waiting > self._most:
            self._retry_after[module] = retry_after(now, before, self._most)
            if not shed:
                log.warning("sheds writes", module=module, waiting=now.standing.waiting)
        elif shed:
            del self._retry_after[module]
            log.info("takes writes again", module=module, waiting=now.standing.waiting)
