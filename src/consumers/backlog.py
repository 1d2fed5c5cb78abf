"""What waits for a member, and whether its reading stands still though records wait.

A client can go on turning, with heartbeats and all, while its fetches bring nothing. So the broker is
asked by another way where the partitions end, and that is compared with what the fetches know.
"""

from collections.abc import Collection, Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumers.metrics import LAG
from consumers.places import Place
from consumers.reader import Reader, WedgedError

ASK_SECONDS: Final = 0.5
WEDGED_SECONDS: Final = 30.0


class Backlog:
    """The lag of each of a member's partitions, as metrics show it."""

    def __init__(self, group: str, reader: Reader) -> None:
        self._group = group
        self._reader = reader
        self._ends = Ends(reader.asker)
        self._watch = Watch()
        self._shown: set[Place] = set()

    def look(self) -> None:
        """Show how much waits; to be called every few seconds.

        Raises:
            WedgedError: the newest records have not come, though we waited for them.
        """
        ends, fetched = self._ends.told(self._reader.owned), self._reader.fetched()
        unknown = {place: end - fetched.get(place, end) for place, end in ends.items()}
        lags = self._reader.lag()
        self._show({place: lag + max(0, unknown.get(place, 0)) for place, lag in lags.items()})
        standing = self._watch.standing(ends, fetched, self._reader.idle_seconds)
        if standing:
            named = ", ".join(f"{place.topic}[{place.partition}]" for place in standing)
            raise WedgedError(f"{named}: records wait, and no fetch brings them")

    def _show(self, lags: Mapping[Place, int]) -> None:
        for place, lag in lags.items():
            LAG.labels(self._group, place.topic, str(place.partition)).set(lag)
        for place in self._shown - lags.keys():  # another member shows it now
            LAG.remove(self._group, place.topic, str(place.partition))
        self._shown = set(lags)

    def close(self) -> None:
        """Show nothing any more."""
        self._show({})


class Ends:
    """Where partitions end, as the broker says to a client that fetches nothing.

    Not the admin client: its question for offsets ends the process (librdkafka 2.16) when the
    broker leaves one unanswered.
    """

    def __init__(self, asker: Consumer) -> None:
        self._asker = asker

    def told(self, places: Collection[Place]) -> dict[Place, int]:
        """The ends that were told; after the first question without an answer no more are asked."""
        found: dict[Place, int] = {}
        for place in sorted(places):
            try:
                _, found[place] = self._asker.get_watermark_offsets(
                    TopicPartition(*place), ASK_SECONDS
                )
            except KafkaException:
                break
        return found


class Watch:
    """Tells a partition whose records do not come from one that has none. Pure."""

    def __init__(self) -> None:
        self._behind: dict[Place, tuple[int, float]] = {}

    def standing(
        self, ends: Mapping[Place, int], fetched: Mapping[Place, int], idle_seconds: float
    ) -> list[Place]:
        """Places whose fetches have known no more for so long, though there is more.

        `ends`: of the places for which the broker answered; `fetched`: the end that the last fetch
        knew of each; `idle_seconds`: how long the member has waited for records in all, since time
        that it spent on a batch says nothing.
        """
        behind = {}
        for place, end in ends.items():
            known = fetched.get(place, -1)
            if end > known:
                since = self._behind.get(place)
                same = since is not None and since[0] == known
                behind[place] = since if since is not None and same else (known, idle_seconds)
        self._behind = behind
        return sorted(
            place
            for place, (_, since_idle) in behind.items()
            if idle_seconds - since_idle >= WEDGED_SECONDS
        )
