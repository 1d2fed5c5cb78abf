"""Who was shown to be whom lately: by the hash of what they showed, for a while, and so many."""

from collections.abc import Awaitable, Callable
from typing import Final

from api.identity.claims import Caller

MOST: Final = 10_000


class Remembered:
    """A bounded memory. The first that came in is the first to go."""

    def __init__(self, clock: Callable[[], float], most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._known: dict[bytes, tuple[float, Caller]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, named: bytes) -> Caller | None:
        """Who that is, unless it was too long ago."""
        known = self._known.get(named)
        return known[1] if known is not None and self._clock() < known[0] else None

    def keep(self, named: bytes, who: Caller, until: float) -> None:
        """Remember it until then, by the clock."""
        self._known.pop(named, None)
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[named] = (until, who)

    async def caller(
        self, named: bytes, find: Callable[[bytes], Awaitable[tuple[Caller, float]]]
    ) -> Caller:
        """Who that is, found if need be, and then good for so many seconds; raises what `find` raises."""
        known = self.get(named)
        if known is None:
            known, seconds = await find(named)
            self.keep(named, known, self._clock() + seconds)
        return known

    def forget(self, named: bytes) -> None:
        """Remember it no longer."""
        self._known.pop(named, None)
