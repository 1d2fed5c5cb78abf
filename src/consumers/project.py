"""One batch of events and results becomes one transaction of the read tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import psycopg

from consumers.fold import Folded
from consumers.projections.event import (
    Event,
    UnreadableError,
    moment,
    read_event,
    read_result,
)
from ledger import read_progress
from ledger.connection import Transaction
from ledger.read_progress import FencedError, Partition, Progress
from schemas.failpoints import reached


class Record(Protocol):
    """A message of the Kafka client that is no error: then nothing of where it stands is missing."""

    def topic(self) -> str: ...  # noqa: D102  # the client's names
    def partition(self) -> int: ...  # noqa: D102  # the client's names
    def offset(self) -> int: ...  # noqa: D102  # the client's names
    def timestamp(self) -> tuple[int, int]: ...  # noqa: D102  # the client's names
    def value(self) -> bytes | None: ...  # noqa: D102  # the client's names
    def headers(self) -> list[tuple[str, bytes | None]] | None: ...  # noqa: D102  # the client's names


class UnprojectableError(RuntimeError):
    """A record of ours that the read tables cannot take. Passing over it would be a silent loss."""


class Projected:
    """What a batch came to."""

    def __init__(self, folded: Folded, rows: Mapping[Partition, Progress]) -> None:
        self.folded = folded
        self.next_offsets = {place: row.next_offset for place, row in rows.items()}


def project(
    tx: Transaction,
    messages: Sequence[Record],
    results_topic: str,
    stood: Mapping[Partition, int],
) -> Projected:
    """Fold a batch into the read tables, and move the partitions on; all of it or none.

    `stood` is where we last saw each partition stand. Records that lie before where it stands now
    were folded before (a commit whose answer was lost) and are passed over.

    Raises:
        FencedError: a partition was put back: what lies between must be read again.
        UnprojectableError: a record is not as we write them; nothing was committed.
        psycopg.Error: nothing was committed, or (a lost connection) it is unknown whether it was;
            projecting the same batch again finds out.
    """
    with tx.transaction():
        rows = read_progress.lock(tx, {(each.topic(), each.partition()) for each in messages})
        for place, row in rows.items():
            if row.next_offset < stood[place]:
                raise FencedError(f"{place} was put back from {stood[place]} to {row.next_offset}")
        folded = _fold(messages, rows, results_topic)
        folded.write(tx)
        read_progress.advance(tx, rows.values())
        positions = {row.shard: row.sequence for row in rows.values() if row.shard is not None}
        read_progress.announce(tx, positions)
        reached("p.before_commit")
    reached("p.after_commit")
    return Projected(folded, rows)


def _fold(
    messages: Sequence[Record], rows: Mapping[Partition, Progress], results_topic: str
) -> Folded:
    folded = Folded()
    for message in messages:
        row = rows[message.topic(), message.partition()]
        if message.offset() < row.next_offset:
            continue
        row.next_offset = message.offset() + 1
        try:
            event = _read(message, results_topic)
            if event is not None and event.timeline < row.timeline:
                folded.passed_over["put back"] += 1
                continue
            if event is not None and event.timeline > row.timeline:
                raise _put_back(message, event, row)
            if event is not None:
                folded.take(event)
        except (UnreadableError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnprojectableError(f"{_named(message)}: {error!r}") from error
        if event is None:
            folded.passed_over["none"] += 1
        elif event.shard == row.shard:
            _reach(row, event)
    return folded


def _put_back(message: Record, event: Event, row: Progress) -> UnprojectableError:
    return UnprojectableError(
        f"{_named(message)}: the ledger was put back to an earlier moment (timeline "
        f"{event.timeline}, the read tables are of {row.timeline}), and they may hold what is no "
        "longer so. See docs/runbooks/restore.md"
    )


def _read(message: Record, results_topic: str) -> Event | None:
    if message.topic() == results_topic:
        at = moment(message.timestamp()[1])
        return read_result(message.headers() or [], message.value(), at)
    return read_event(message.headers() or [], message.value())


def _reach(row: Progress, event: Event) -> None:
    """A sequence is reached behind its last event; what is told again takes nothing back."""
    row.sequence = max(row.sequence, event.sequence if event.complete else event.sequence - 1)


def isolated(
    project: Callable[[Sequence[Record]], Projected], messages: Sequence[Record]
) -> list[Projected]:
    """Project a batch; if its data cannot be written, all that comes before the guilty record.

    Raises:
        UnprojectableError: names that record.
        FencedError, psycopg.Error: as `project`.
    """
    try:
        return [project(messages)]
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(messages) == 1:
            raise UnprojectableError(f"{_named(messages[0])}: {error}") from error
    except UnprojectableError:
        if len(messages) == 1:
            raise
    middle = len(messages) // 2
    return isolated(project, messages[:middle]) + isolated(project, messages[middle:])


def _named(message: Record) -> str:
    return f"{message.topic()} [{message.partition()}] at offset {message.offset()}"
