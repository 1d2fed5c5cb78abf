"""Journal rows that were applied and never told: what relays are for."""

import asks
from processes import eventually
from schemas.topics import shard_of

SHARD = shard_of("reservations", 0)
MORE_THAN_ONE_READ = 700
"""A relay reads 500 rows at a time."""


def leave_rows(stocked, count):
    """Commands that are applied, and of which nobody has told anything."""
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(count)]
    stocked.send(*wanted)
    worker = stocked.start("reservations", publisher="none", batch_records_max=200)
    eventually("all are applied", lambda: stocked.next_offset() == count)
    worker.end()
    return wanted


def marked(stocked):
    """How far the shard's journal is known to be published."""
    return stocked.query("SELECT published_up_to FROM publication WHERE shard = %s", SHARD)[0][0]


def marked_to_its_end(stocked):
    """The mark, once it stands at the journal's end."""
    rows = stocked.query("SELECT next_sequence - 1 FROM shard WHERE shard = %s", SHARD)
    return rows[0][0] if marked(stocked) == rows[0][0] else None


def waiting(pipeline):
    """Journal rows of all shards that are not marked as published."""
    return pipeline.query(
        "SELECT sum(next_sequence - 1 - published_up_to)::bigint"
        " FROM shard JOIN publication USING (shard)"
    )[0][0]
