"""The relay: publishes journal rows that no worker publishes, and tidies what ages."""

import os
import socket
from collections.abc import Callable
from threading import Event
from typing import Final

import psycopg
import structlog

from ledger import idempotency, publication
from ledger.connection import Transaction, connect
from producers.backlog import Backlog
from producers.journal_relay import publish_pending
from producers.process import Process
from producers.publisher import Publisher, PublishError
from schemas.settings import Settings

log = structlog.get_logger()

PAUSE_SECONDS: Final = 1.0
SWEEP_PAGES: Final = 1_000
DRAIN_ROUNDS_MAX: Final = 30


def run(settings: Settings) -> int:
    """Relay until a signal comes. Returns the exit code."""
    process = Process(settings, "journal")
    sessions = _Sessions(settings)
    publisher = Publisher(settings)
    backlog = Backlog(settings)
    backlog.start()
    hand = 0
    while not process.asked_to_stop(PAUSE_SECONDS):
        try:
            sessions(lambda tx: _round(tx, publisher, settings))
            hand = sessions(lambda tx: _sweep(tx, hand, settings))  # noqa: B023  # called at once
            process.health.set("journal")
        except (psycopg.Error, PublishError) as error:
            process.health.set("journal", "waits for a server")
            log.warning("relay waits", error=str(error))
        process.health.beat()
    backlog.close()
    publisher.close()
    sessions.close()
    process.close()
    return 0


def drain(settings: Settings) -> int:
    """Publish every shard's rows that wait and exit: 0 if none is left, 1 if some are.

    Rows of a shard that a live worker publishes are left to it, and waited for.
    """
    if settings.publisher == "none":
        log.info("ERP_PUBLISHER is none: the rows stay where they are")
        return 0
    publisher = Publisher(settings)
    sessions = _Sessions(settings)
    waiting = Event()
    try:
        for _ in range(DRAIN_ROUNDS_MAX):
            sent = sessions(lambda tx: _round(tx, publisher, settings))
            left = sessions(_backlog)
            log.info("drained", rows=sent, left=left)
            if not left:
                return 0
            waiting.wait(PAUSE_SECONDS)
        return 1
    finally:
        publisher.close()
        sessions.close()


class _Sessions:
    """One session with the ledger, opened anew after it broke."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.ledger_url
        self._open: Transaction | None = None

    def __call__(self, work: Callable[[Transaction], int]) -> int:
        if self._open is None or self._open.closed:
            self._open = connect(self._url, "stockyard relay")
            self._open.autocommit = True
        return work(self._open)

    def close(self) -> None:
        """Let it go."""
        if self._open is not None:
            self._open.close()


def _round(connection: Transaction, publisher: Publisher, settings: Settings) -> int:
    """Publish what waits in every shard whose lease is free; how many rows that were."""
    if settings.publisher == "none":
        return 0
    owner = f"relay {socket.gethostname()} {os.getpid()}"
    sent = 0
    with connection.transaction():
        leases = publication.take_free(connection, owner)
    for lease in leases:
        reached, _ = publish_pending(connection, publisher, lease, settings.topic_prefix)
        sent += reached - lease.published_up_to
    return sent


def _backlog(connection: Transaction) -> int:
    with connection.transaction():
        return sum(publication.backlog(connection).values())


def _sweep(connection: Transaction, from_page: int, settings: Settings) -> int:
    """Let idempotency keys age out, a few pages a round; the page to go on from."""
    retention = settings.idempotency_retention
    with connection.transaction():
        gone, page = idempotency.sweep(connection, from_page, SWEEP_PAGES, retention)
    if gone:
        log.info("idempotency keys aged out", keys=gone)
    return page
