"""How often each client may ask: a bucket of requests that refills all the time, per edge process."""

from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import Final, NamedTuple

CLIENTS_MAX: Final = 10_000
"""More are not counted apart: who has not asked for longest is forgotten, whose bucket is full then."""


class Standing(NamedTuple):
    """How a client stands after a request of its."""

    allowed: bool
    left: int
    full_after_seconds: int
    retry_after_seconds: int


class Rates:
    """Buckets by client. One holds `requests`, and refills from empty within `seconds`."""

    def __init__(
        self, requests: int, seconds: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._most = requests
        self._per_second = requests / seconds
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self.policy = f'"client";q={requests};w={ceil(seconds)}'.encode()
        """As the header RateLimit-Policy has it."""

    def take(self, client: str) -> Standing:
        """One request out of the client's bucket, if there is one in it."""
        now = self._clock()
        held, at = self._buckets.pop(client, (float(self._most), now))
        held = min(float(self._most), held + (now - at) * self._per_second)
        allowed = held >= 1.0
        held -= allowed
        if len(self._buckets) >= CLIENTS_MAX:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[client] = (held, now)
        return Standing(
            allowed,
            int(held),
            ceil((self._most - held) / self._per_second),
            max(1, ceil((1.0 - held) / self._per_second)),
        )

    def headers(self, standing: Standing) -> list[tuple[bytes, bytes]]:
        """The draft's headers (draft-ietf-httpapi-ratelimit-headers): the rule, and what is left."""
        left = f'"client";r={standing.left};t={standing.full_after_seconds}'
        return [(b"ratelimit-policy", self.policy), (b"ratelimit", left.encode())]
