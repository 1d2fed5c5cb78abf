"""A worker's own publishing: right after the commit, from memory, marked once acknowledged."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Final

import structlog

from consumers.apply import Answer, Flushed
from consumers.metrics import LEASES_LOST
from ledger import publication
from ledger.connection import Transaction
from producers.journal_relay import publish_pending
from producers.messages import Message, messages, results
from producers.publisher import Publisher, PublishError
from schemas.settings import Settings

log = structlog.get_logger()

MARK_SECONDS: Final = 0.5


class ShardPublisher:
    """Publishes the journals of the shards that a worker reads.

    At most one batch is on its way at a time; it travels while the next one is decided. After any
    trouble a shard is published from the database again, from its last mark.
    """

    def __init__(self, settings: Settings, module: str, session: Callable[[], Transaction]) -> None:
        self._prefix = settings.topic_prefix
        self._silent = settings.publisher == "none"
        self._module = module
        self._session = session
        self._publisher = Publisher(settings)
        self._owner = f"worker {socket.gethostname()} {os.getpid()}"
        self._epochs: dict[int, int] = {}
        self._sent: dict[int, int] = {}  # by shard: the last sequence handed to the broker
        self._acknowledged: dict[int, int] = {}
        self._marked_at = monotonic()

    def take(self, shards: Sequence[int]) -> None:
        """Take over shards: publish what those before us left, and go on from there.

        Raises:
            PublishError: the broker does not take it.
        """
        if self._silent or not shards:
            return
        connection = self._session()
        with connection.transaction():
            leases = publication.take(connection, self._owner, shards)
        for lease in leases:
            self._epochs[lease.shard] = lease.epoch
            self._sent.pop(lease.shard, None)
            self._acknowledged.pop(lease.shard, None)
            publish_pending(connection, self._publisher, lease, self._prefix)

    def release(self, shards: Sequence[int]) -> None:
        """Let shards go to another worker, everything sent acknowledged and marked.

        Raises:
            PublishError: something was not acknowledged; it is not marked, and sent again there.
        """
        self.settle()
        self.mark()
        for shard in shards:
            self._epochs.pop(shard, None)
            self._acknowledged.pop(shard, None)

    def answer(self, answers: Sequence[Answer]) -> None:
        """Send the answers to repeats and wait until they are acknowledged.

        Raises:
            PublishError: they are not.
        """
        if self._silent:
            return
        self._publisher.send(self._answers(answers))
        self._publisher.settle()

    def _answers(self, answers: Sequence[Answer]) -> Iterator[Message]:
        for answer in answers:
            yield from results(self._prefix, answer.record, replayed=answer.replayed)

    def publish(self, flushed: Flushed) -> None:
        """Send a batch, once the one before it has arrived.

        Raises:
            PublishError: one of the two did not; `take` the shards again.
        """
        if self._silent:
            return
        self.settle()
        self._publisher.send(self._messages(flushed.records))
        self._publisher.send(self._answers(flushed.answers))

    def _messages(self, records: Sequence[dict[str, Any]]) -> Iterator[Message]:
        for record in records:
            yield from messages(self._prefix, record)
            self._sent[record["shard"]] = record["sequence"]

    def settle(self) -> None:
        """Wait for what is on its way, and now and then mark how far that is.

        Raises:
            PublishError: it did not arrive.
        """
        if self._sent:
            self._publisher.settle()
            self._acknowledged |= self._sent
            self._sent.clear()
        if monotonic() - self._marked_at >= MARK_SECONDS:
            self.mark()

    def mark(self) -> None:
        """Note in the database what has arrived, and renew the leases."""
        self._marked_at = monotonic()
        up_to = {shard: self._acknowledged.get(shard, 0) for shard in self._epochs}
        if not up_to:
            return
        connection = self._session()
        with connection.transaction():
            lost = publication.mark(connection, self._epochs, up_to)
        if lost:
            LEASES_LOST.labels(self._module).inc(len(lost))
            log.warning("another publisher took over", shards=sorted(lost))
            self.take(sorted(lost))

    def close(self) -> None:
        """Send the rest and mark it; what does not arrive is left to the relay."""
        try:
            self.settle()
            self.mark()
        except PublishError as error:
            log.warning("left unpublished, the relay will", error=str(error))
        self._publisher.close()
