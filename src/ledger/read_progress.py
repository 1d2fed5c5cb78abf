"""Table progress of the read tables: how far each partition of events and results is folded.

A partition of events has one writer and stands in the order of one shard's journal. So a position
(shard, sequence) is reached once that partition is folded up to the sequence or beyond: each
applied command tells at least one event under its own sequence, its position names that of its
batch's levels, and `sequence` moves only behind the last event of a journal row. A refused command tells none.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.migrate import READ_SCHEMA
from ledger.timeline import FIRST_TIMELINE

CHANNEL: Final = "stockyard_projected"
SHARDS_PER_NOTICE: Final = 300  # a notice holds 8,000 bytes

Partition = tuple[str, int]
"""A topic and one of its partitions."""


@dataclass(slots=True)
class Progress:
    """Where a partition stands, and where it stood when it was loaded."""

    topic: str
    partition: int
    shard: int | None  # None: a partition of results
    next_offset: int
    sequence: int
    loaded_offset: int
    topic_id: str | None = None
    timeline: int = FIRST_TIMELINE


class FencedError(RuntimeError):
    """Somebody else moved a partition, or put it back. Begin again from where it stands now."""


_LOCK: Final = """
SELECT p.topic, p.partition, p.shard, p.next_offset, p.sequence, p.next_offset, p.topic_id,
    p.timeline
FROM unnest(%s::text[], %s::int[]) AS asked(topic, partition)
JOIN progress p USING (topic, partition)
ORDER BY p.topic, p.partition FOR NO KEY UPDATE OF p
"""


def lock(tx: Transaction, partitions: Collection[Partition]) -> dict[Partition, Progress]:
    """Lock the partitions' rows.

    Raises:
        FencedError: one has no row any more.
    """
    rows = tx.execute(_LOCK, _columns(partitions))
    found = {(row[0], row[1]): Progress(*row) for row in rows}
    if len(found) != len(partitions):
        raise FencedError("the read tables were made anew without a partition of ours")
    return found


_ADVANCE: Final = """
UPDATE progress p SET next_offset = to_offset, sequence = to_sequence
FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS moved(of_topic, of_partition, from_offset, to_offset, to_sequence)
WHERE topic = of_topic AND partition = of_partition AND next_offset = from_offset
"""


def advance(tx: Transaction, moved: Collection[Progress]) -> None:
    """Move partitions on, each from where it was loaded.

    Raises:
        FencedError: one no longer stood there.
    """
    done = tx.execute(
        _ADVANCE,
        [
            *_columns([(row.topic, row.partition) for row in moved]),
            numbers(row.loaded_offset for row in moved),
            numbers(row.next_offset for row in moved),
            numbers(row.sequence for row in moved),
        ],
    )
    if done.rowcount != len(moved):
        raise FencedError(f"{len(moved) - done.rowcount} of {len(moved)} partitions had moved on")


_ANNOUNCE: Final = f"SELECT pg_notify('{CHANNEL}', %s)"


def announce(tx: Transaction, reached: Mapping[int, int]) -> None:
    """Tell whoever waits, once this transaction commits, which sequence each shard has reached."""
    told = iter(reached.items())
    while part := list(islice(told, SHARDS_PER_NOTICE)):
        tx.execute(_ANNOUNCE, [",".join(f"{shard}:{sequence}" for shard, sequence in part)])


_CREATE: Final = f"""
INSERT INTO progress (topic, partition, next_offset, shard, timeline)
SELECT topic, partition, 0, nullif(shard, -1),
    coalesce((SELECT max(timeline) FROM progress), {FIRST_TIMELINE})
FROM unnest(%s::text[], %s::int[], %s::smallint[]) AS new(topic, partition, shard)
ON CONFLICT DO NOTHING
"""  # noqa: S608  # a constant of ours


def create(tx: Transaction, shards: Mapping[Partition, int | None]) -> None:
    """Make the rows of partitions that were never seen before; each with the shard it tells of."""
    named = numbers(-1 if shard is None else shard for shard in shards.values())
    tx.execute(_CREATE, [*_columns(shards), named])


_STANDS: Final = """
SELECT p.topic, p.partition, p.next_offset, p.topic_id
FROM unnest(%s::text[], %s::int[]) AS asked(topic, partition)
JOIN progress p USING (topic, partition)
"""


def stands(
    tx: Transaction, partitions: Collection[Partition]
) -> dict[Partition, tuple[int, str | None]]:
    """Each partition's next offset, and the incarnation of the topic that it counts in."""
    rows = tx.execute(_STANDS, _columns(partitions))
    return {(topic, partition): (offset, named) for topic, partition, offset, named in rows}


_BIND: Final = """
UPDATE progress p SET topic_id = %s
FROM unnest(%s::text[], %s::int[]) AS asked(topic, partition)
WHERE p.topic = asked.topic AND p.partition = asked.partition AND p.topic_id IS NULL
"""


def bind(tx: Transaction, partitions: Collection[Partition], topic_id: str) -> None:
    """Note which incarnation of the topic the partitions' offsets count in, once."""
    tx.execute(_BIND, [topic_id, *_columns(partitions)])


_SERVING: Final = f"""
SELECT topic, partition, shard, next_offset, sequence, next_offset, topic_id, timeline
FROM {READ_SCHEMA}.progress
"""  # noqa: S608  # a constant of ours


def serving(tx: Transaction) -> dict[Partition, Progress]:
    """Where the tables that serve stand, whichever ones the session writes."""
    return {(row[0], row[1]): Progress(*row) for row in tx.execute(_SERVING)}


_PLACE: Final = """
INSERT INTO progress (topic, partition, shard, next_offset, sequence, topic_id, timeline)
SELECT topic, partition, nullif(shard, -1), next_offset, sequence, topic_id, timeline
FROM unnest(%s::text[], %s::int[], %s::smallint[], %s::bigint[], %s::bigint[], %s::text[],
    %s::bigint[]) AS new(topic, partition, shard, next_offset, sequence, topic_id, timeline)
"""


def place(tx: Transaction, rows: Collection[Progress], topic_ids: Mapping[Partition, str]) -> None:
    """Write down where new tables stand."""
    partitions = [(row.topic, row.partition) for row in rows]
    tx.execute(
        _PLACE,
        [
            *_columns(partitions),
            numbers(-1 if row.shard is None else row.shard for row in rows),
            numbers(row.next_offset for row in rows),
            numbers(row.sequence for row in rows),
            texts(topic_ids[at] for at in partitions),
            numbers(row.timeline for row in rows),
        ],
    )


def _columns(partitions: Collection[Partition]) -> list[str]:
    return [texts(topic for topic, _ in partitions), numbers(number for _, number in partitions)]
