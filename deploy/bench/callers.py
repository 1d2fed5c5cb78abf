"""Concurrent HTTP callers of the bench: each on one kept connection, one request at a time.

Bare sockets, so that on a shared machine the callers cost little beside what they measure.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Latencies:
    """What the callers saw."""

    seconds: float
    each: tuple[float, ...]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.each) / self.seconds

    @property
    def p50_ms(self) -> float:
        """The median, in milliseconds."""
        return median(self.each) * 1000

    @property
    def p99_ms(self) -> float:
        """What 99 of 100 stayed below, in milliseconds."""
        return sorted(self.each)[int(len(self.each) * 0.99)] * 1000


def call(
    port: int, request: Callable[[int], bytes], expected: int, *, callers: int, seconds: float
) -> Latencies:
    """Send `request(n)`, n = 0, 1, 2.. over all callers, for that long.

    Raises:
        RuntimeError: an answer had another status than the expected one.
    """
    return asyncio.run(_call(port, request, expected, callers, seconds))


async def _call(
    port: int, request: Callable[[int], bytes], expected: int, callers: int, seconds: float
) -> Latencies:
    numbers = iter(range(10**9))
    found: list[float] = []
    began = time.monotonic()

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() - began < seconds:
            sent = time.monotonic()
            writer.write(request(next(numbers)))
            status, body = await asyncio.wait_for(_answer(reader), ANSWER_SECONDS)
            if status != expected:
                raise RuntimeError(f"{status}: {body[:300]!r}")
            found.append(time.monotonic() - sent)
        writer.close()

    await asyncio.gather(*(caller() for _ in range(callers)))
    return Latencies(time.monotonic() - began, tuple(found))


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"content-length:")
    length = int(lower[at + 15 : lower.find(b"\r\n", at)]) if at >= 0 else 0
    return int(head[9:12]), await reader.readexactly(length)
