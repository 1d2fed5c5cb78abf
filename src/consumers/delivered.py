"""What the Kafka client hands out, as far as we look at it."""

from typing import Protocol


class Delivered(Protocol):
    """A message without an error: librdkafka's own, of which these parts are always there."""

    def topic(self) -> str:
        """Its topic."""

    def partition(self) -> int:
        """Its partition."""

    def offset(self) -> int:
        """Its place in the partition."""

    def timestamp(self) -> tuple[int, int]:
        """The kind of its time, and the time in milliseconds."""

    def key(self) -> bytes | None:
        """Its key."""

    def value(self) -> bytes | None:
        """Its body."""

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        """Its headers."""

    def leader_epoch(self) -> int | None:
        """How often the partition had changed its leader when it was written."""

    def __len__(self) -> int:
        """How many bytes its body has."""
