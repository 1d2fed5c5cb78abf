"""The valuation: keeps what stock is worth beside the ledger, as it moves. Several may run."""

import psycopg
import structlog
from prometheus_client import Counter

from ledger.connection import Transaction, connect
from ledger.valuation.step import Stepped, step
from producers.process import Process
from schemas.settings import Settings

log = structlog.get_logger()

PAUSE_SECONDS = 0.5
FACTS = Counter("stockyard_valued_facts_total", "Movements and facts of costs that were valued")
ENTRIES = Counter("stockyard_value_entries_total", "Entries that their values came to")


def run(settings: Settings) -> int:
    """Value what moves until a signal comes. Returns the exit code."""
    process = Process(settings, "values")
    connection: Transaction | None = None
    idle = False
    while not process.asked_to_stop(PAUSE_SECONDS if idle else 0.0):
        try:
            if connection is None or connection.closed:
                connection = _open(settings)
            done = step(connection)
            idle = done.idle
            _count(done)
            process.health.set("values")
        except psycopg.Error as error:
            idle = True
            process.health.set("values", "waits for the ledger")
            log.warning("valuation waits", error=str(error))
        process.health.beat()
    if connection is not None:
        connection.close()
    process.close()
    return 0


def _open(settings: Settings) -> Transaction:
    connection = connect(settings.ledger_url, "stockyard valuation", batches=True)
    connection.autocommit = True
    return connection


def _count(done: Stepped) -> None:
    FACTS.inc(done.facts)
    ENTRIES.inc(done.entries)
    if done.entries:
        log.debug("valued", items=done.items, facts=done.facts, entries=done.entries)
