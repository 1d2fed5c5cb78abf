"""Publishing a shard's journal from the database: what a crash left behind, or nobody has sent."""

from typing import Final

import orjson
import structlog

from ledger import journal, publication
from ledger.connection import Transaction
from ledger.publication import Lease
from producers.messages import messages
from producers.publisher import Publisher
from schemas.failpoints import reached as passing

log = structlog.get_logger()

ROWS_PER_READ: Final = 500


def publish_pending(
    connection: Transaction, publisher: Publisher, lease: Lease, prefix: str
) -> tuple[int, bool]:
    """Publish all rows of a shard behind the lease's mark, in order, marking as it goes.

    Returns the sequence reached, and whether the lease held all the while.

    Raises:
        PublishError: the broker did not acknowledge; the mark stands before it.
    """
    passing("r.after_claim")
    reached = lease.published_up_to
    while True:
        with connection.transaction():
            rows = journal.after(connection, lease.shard, reached, ROWS_PER_READ)
        if not rows:
            return reached, True
        for row in rows:
            publisher.send(messages(prefix, orjson.loads(row.record)))
        passing("r.after_send")
        publisher.settle()
        passing("r.after_ack")
        reached = rows[-1].sequence
        with connection.transaction():
            lost = publication.mark(connection, {lease.shard: lease.epoch}, {lease.shard: reached})
        passing("r.after_mark")
        if lost:
            log.warning("another publisher took over", shard=lease.shard)
            return reached, False
