"""How far the read tables have come, and waiting until they have come to a position."""

import asyncio
from asyncio import Future
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from time import monotonic
from typing import Final

import psycopg
import structlog
from prometheus_client import Gauge

from ledger.views.pool import Pool
from ledger.views.progress import moves, reached

log = structlog.get_logger()

RETRY_SECONDS: Final = 1.0
FORGET_AT: Final = 1_000
"""So many waits that ran out are swept at once: each sweep looks at all that wait."""

AWAITED: Final = Gauge(
    "stockyard_edge_positions_awaited", "Waits for the read tables, those that ran out among them"
)

Waiting = tuple[int, int, Future[None]]
"""The sequence waited for, a number that keeps waiters comparable, and the wait."""


class Projection:
    """The sequence that each shard has been projected up to, as the projector tells it."""

    def __init__(self, url: str, pool: Pool) -> None:
        self._url, self._pool = url, pool
        self._reached: dict[int, int] = {}
        self._waiting: dict[int, list[Waiting]] = {}
        self._number = count()
        self._task: asyncio.Task[None] | None = None
        self._listening = False
        self._missed: dict[int, int] = {}
        self._ran_out = 0
        AWAITED.set_function(lambda: sum(map(len, self._waiting.values())))

    def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._keep_listening())

    async def stop(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def reach(self, position: dict[int, int], within_seconds: float) -> bool:
        """Whether the read tables come to a position within the time."""
        deadline = monotonic() + within_seconds
        for shard, sequence in position.items():
            if self._reached.get(shard, 0) >= sequence:
                continue
            if not await self._pass(shard, sequence, deadline - monotonic()):
                return False
        return True

    def missed(self, position: dict[int, int]) -> None:
        """Note a position that a result named and that was not reached in time."""
        self._missed.update(position)

    def check(self) -> str:
        """Whether the read tables follow: "ok", or what is the matter."""
        if not self._listening:
            return "no news of the projection"
        behind = [
            shard
            for shard, sequence in self._missed.items()
            if self._reached.get(shard, 0) < sequence
        ]
        if behind:
            return f"the projection is behind in shards {', '.join(map(str, behind))}"
        self._missed.clear()
        return "ok"

    async def _pass(self, shard: int, sequence: int, seconds: float) -> bool:
        if seconds <= 0:
            return False
        passed: Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting.setdefault(shard, []), (sequence, next(self._number), passed))
        try:
            async with asyncio.timeout(seconds):
                await passed
        except TimeoutError:
            self._ran_out += 1
            if self._ran_out >= FORGET_AT:
                self._forget_cancelled()
            return False
        return True

    async def _keep_listening(self) -> None:
        """Listen; after a lost session, listen anew and catch up with what was missed."""
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                log.warning("no news of the projection", error=str(error))
            self._listening = False
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        first = True
        async for told in moves(self._url):
            if first:
                # Not what an earlier session has told: the tables may be others by now.
                self._reached = await reached(self._pool)
                self._wake(self._reached)
                first, self._listening = False, True
            elif told:
                self._move(told)
            elif self._forget_cancelled():
                self._move(await reached(self._pool))

    def _move(self, told: dict[int, int]) -> None:
        for shard, sequence in told.items():
            if sequence > self._reached.get(shard, 0):
                self._reached[shard] = sequence
        self._wake(told)

    def _wake(self, shards: dict[int, int]) -> None:
        for shard in shards:
            heap = self._waiting.get(shard)
            while heap and heap[0][0] <= self._reached.get(shard, 0):
                passed = heappop(heap)[2]
                if not passed.done():
                    passed.set_result(None)

    def _forget_cancelled(self) -> bool:
        """Drop the waits that ran out; whether any is left."""
        self._ran_out = 0
        for shard, heap in list(self._waiting.items()):
            left = sorted(each for each in heap if not each[2].done())
            if left:
                self._waiting[shard] = left
            else:
                del self._waiting[shard]
        return bool(self._waiting)
