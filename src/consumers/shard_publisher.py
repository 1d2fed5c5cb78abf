"""A worker's own publishing: right after the commit, from memory, marked once acknowledged."""

import os
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any, Final

import psycopg
import structlog

from consumers.apply import Flushed
from consumers.metrics import LEASES_LOST
from consumers.repeats import Answer
from ledger import publication, shards
from ledger.connection import Transaction
from producers.journal_relay import publish_pending
from producers.messages import Message, messages, results
from producers.publisher import Publisher, PublishError
from schemas.settings import Settings

log = structlog.get_logger()

MARK_SECONDS: Final = 0.5
AGAIN_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 1.0


class ShardPublisher:
    """Publishes the journals of the shards that a worker reads.

    At most one batch is on its way at a time; it travels while the next one is decided. After any
    trouble it is `behind`: nothing more is sent from memory, since what comes later must not
    overtake what was lost, until all shards have been published from the database again, each from
    its last mark. A journal that has rows which it never had in memory is such a trouble: the answer
    to their COMMIT was lost, or a worker that had the partition before us was late.
    """

    def __init__(
        self,
        settings: Settings,
        module: str,
        session: Callable[[], Transaction],
        stopping: Event | None = None,
    ) -> None:
        self._prefix = settings.topic_prefix
        self._silent = settings.publisher == "none"
        self._module = module
        self._session = session
        self._publisher = Publisher(settings, stopping)
        self._owner = f"worker {socket.gethostname()} {os.getpid()}"
        self._epochs: dict[int, int] = {}  # the leases: of the shards that are ours to publish
        self._sent: dict[int, int] = {}  # by shard: the last sequence handed to the broker
        self._acknowledged: dict[int, int] = {}
        self._next: dict[int, int] = {}  # by shard: the sequence that follows on what was sent
        self._marked_at = self._looked_at = monotonic()
        self._failed_at = self._marked_at - AGAIN_SECONDS
        self.behind = False

    def take(self, gained: Collection[int]) -> None:
        """Take over shards, those of before too if we are behind: publish what waits of them."""
        if self._silent:
            return
        self._epochs |= dict.fromkeys(gained, 0)
        if self.behind and monotonic() - self._failed_at < AGAIN_SECONDS:
            return
        wanted = list(self._epochs) if self.behind else gained
        if wanted:
            with self._trying():
                self._take(wanted)
                self.behind = False

    def _take(self, shards: Collection[int]) -> None:
        connection = self._session()
        with connection.transaction():
            leases = publication.take(connection, self._owner, shards)
        for lease in leases:
            self._epochs[lease.shard] = lease.epoch
            self._sent.pop(lease.shard, None)
            self._acknowledged.pop(lease.shard, None)
            reached, _ = publish_pending(connection, self._publisher, lease, self._prefix)
            self._next[lease.shard] = reached + 1

    @contextmanager
    def _trying(self) -> Iterator[None]:
        """Where this fails, the journal keeps it all: we are behind."""
        try:
            yield
        except (PublishError, psycopg.Error) as error:
            log.warning("publishing waits", error=str(error))
            self._fell_behind()

    def _fell_behind(self) -> None:
        self.behind = True
        self._failed_at = monotonic()

    def release(self, shards: Collection[int]) -> None:
        """Let shards go to another worker, everything sent acknowledged and marked."""
        self._finish()
        self.forget(shards)

    def forget(self, shards: Collection[int]) -> None:
        """Shards that another worker publishes now, from its own mark."""
        for shard in shards:
            for by_shard in (self._epochs, self._sent, self._acknowledged, self._next):
                by_shard.pop(shard, None)

    def answer(self, answers: Sequence[Answer]) -> None:
        """Send the answers to repeats and wait until they are acknowledged.

        Raises:
            PublishError: they are not.
        """
        if self._silent:
            return
        try:
            self._publisher.send(self._answers(answers))
            self._publisher.settle()
        except PublishError:
            self._fell_behind()  # what was on its way before may be lost as well
            raise

    def _answers(self, answers: Sequence[Answer]) -> Iterator[Message]:
        for answer in answers:
            yield from results(self._prefix, answer.record, replayed=answer.replayed)

    def publish(self, flushed: Flushed) -> None:
        """Send a batch, once the one before it has arrived.

        Of shards that went to another worker with the batch in hand nothing is sent: it finds
        their rows when it looks.
        """
        self.settle()
        if self._silent or self.behind:
            return
        mine = [record for record in flushed.records if record["shard"] in self._epochs]
        if not self._follow(mine):
            self.behind = True
            return
        with self._trying():
            self._publisher.send(self._messages(mine))
            self._next |= {shard: sequence + 1 for shard, sequence in self._sent.items()}
            self._look()

    def _follow(self, records: Sequence[dict[str, Any]]) -> bool:
        """Whether they follow directly on what was sent before."""
        first = {record["shard"]: record["sequence"] for record in reversed(records)}
        return all(self._next.get(shard) == sequence for shard, sequence in first.items())

    def idle(self) -> None:
        """Nothing new to send: see that all that was sent has arrived, and that it was all."""
        self.settle()
        if self._silent or self.behind:
            return
        with self._trying():
            self._look()

    def _look(self) -> None:
        """Now and then: does the journal hold rows that were never sent?"""
        if monotonic() - self._looked_at < LOOK_SECONDS or not self._epochs:
            return
        self._looked_at = monotonic()
        connection = self._session()
        with connection.transaction():
            found = shards.next_sequences(connection, self._epochs)
        self.behind = any(found[shard] != at for shard, at in self._next.items())

    def _messages(self, records: Sequence[dict[str, Any]]) -> Iterator[Message]:
        for record in records:
            yield from messages(self._prefix, record)
            self._sent[record["shard"]] = record["sequence"]

    def settle(self) -> None:
        """Wait for what is on its way, and now and then mark how far that is."""
        if self.behind:
            return
        with self._trying():
            if self._sent:
                self._publisher.settle()
                self._acknowledged |= self._sent
                self._sent.clear()
            if monotonic() - self._marked_at >= MARK_SECONDS:
                self._mark()

    def _mark(self) -> None:
        """Note in the database what has arrived, and renew the leases."""
        self._marked_at = monotonic()
        if not self._epochs:
            return
        up_to = {shard: self._acknowledged.get(shard, 0) for shard in self._epochs}
        connection = self._session()
        with connection.transaction():
            lost = publication.mark(connection, self._epochs, up_to)
        if lost:
            LEASES_LOST.labels(self._module).inc(len(lost))
            log.warning("another publisher took over", shards=sorted(lost))
            self._take(lost)

    def _finish(self) -> None:
        """Settle, and mark at once."""
        self._marked_at = 0.0
        self.settle()

    def close(self) -> None:
        """Send the rest and mark it; what does not arrive is left to the relay."""
        self._finish()
        self._publisher.close()
