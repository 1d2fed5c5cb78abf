"""The results that callers of this edge wait for, each by the span of the trace that asked."""

import os
import re
from asyncio import Future, get_running_loop
from collections.abc import Iterable
from typing import Final, Protocol

_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?"
)


class TooManyError(Exception):
    """As many results are awaited as may be."""


class Record(Protocol):
    """What is read of a message on the results topic."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]: ...  # noqa: D102  # the client's own names
    @property
    def value(self) -> bytes | None: ...  # noqa: D102  # the client's own names


def own_span(traceparent: str | None) -> str:
    """The `traceparent` of one command: the caller's trace or a new one, and a span of our own.

    Results carry it back, one for each command message, so it tells apart even two callers who
    use one Idempotency-Key, and one Request-Id, for different commands.
    """
    found = _TRACEPARENT.fullmatch(traceparent or "")
    trace, flags = (found[1], found[2]) if found else (os.urandom(16).hex(), "00")
    return f"00-{trace}-{os.urandom(8).hex()}-{flags}"


class Awaited:
    """Futures by span; bounded, and none outlives its request."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._futures: dict[bytes, Future[bytes]] = {}

    def __len__(self) -> int:
        return len(self._futures)

    def expect(self, span: str) -> Future[bytes]:
        """A future for the result that will carry the span; `forget` it in any case.

        Raises:
            TooManyError: too many are awaited already.
        """
        if len(self._futures) >= self._at_most:
            raise TooManyError
        future: Future[bytes] = get_running_loop().create_future()
        self._futures[span.encode()] = future
        return future

    def forget(self, span: str) -> None:
        """Wait no longer."""
        self._futures.pop(span.encode(), None)

    def settle(self, records: Iterable[Record]) -> None:
        """Hand results to those who wait; every edge reads all results, most are of others."""
        if not self._futures:
            return
        for record in records:
            for name, value in record.headers:
                if name == "traceparent" and value is not None:
                    future = self._futures.get(value)
                    if future is not None and not future.done() and record.value is not None:
                        future.set_result(record.value)
