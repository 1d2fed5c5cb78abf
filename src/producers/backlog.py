"""What waits in the journal to be published, and for how long: numbers, and an alarm when too long."""

from threading import Event, Thread
from typing import Final

import psycopg
import structlog
from prometheus_client import Gauge

from ledger import publication
from ledger.connection import connect
from schemas.settings import Settings

log = structlog.get_logger()

ROWS: Final = Gauge("stockyard_unpublished_rows", "Journal rows that the broker has not got yet")
OLDEST: Final = Gauge(
    "stockyard_unpublished_oldest_seconds", "Age of the oldest of them; 0 when there are none"
)
MEASURE_SECONDS: Final = 2.0


class Backlog(Thread):
    """Measures beside whoever publishes: that one may hang, which is when the numbers matter."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="backlog", daemon=True)
        self._url = settings.ledger_url
        self._alarming = settings.publisher != "none"  # there, rows wait because they should
        self._seconds_max = settings.unpublished_seconds_max
        self._enough = Event()
        self._late = False

    def run(self) -> None:
        """Measure until `close`; a ledger that is away is told by whoever works on it."""
        while not self._enough.is_set():
            try:
                self._measure()
            except psycopg.Error as error:
                log.info("the backlog is not known", error=str(error))
            self._enough.wait(MEASURE_SECONDS)

    def _measure(self) -> None:
        with connect(self._url, "stockyard backlog") as connection:
            connection.autocommit = True
            while not self._enough.wait(MEASURE_SECONDS):
                self._tell(publication.unpublished(connection))

    def _tell(self, found: publication.Unpublished) -> None:
        ROWS.set(found.rows)
        OLDEST.set(found.oldest_seconds)
        late = self._alarming and found.oldest_seconds > self._seconds_max
        if late and not self._late:
            log.error(
                "publishing is behind",
                rows=found.rows,
                oldest_seconds=round(found.oldest_seconds),
                see="docs/runbooks/publishing-behind.md",
            )
        elif self._late and not late:
            log.info("publishing has caught up", rows=found.rows)
        self._late = late

    def close(self) -> None:
        """Measure no more."""
        self._enough.set()
