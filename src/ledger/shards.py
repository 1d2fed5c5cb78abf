"""Table shard: how far each (module, partition) has been applied. Its row is the fence.

A batch begins by locking the rows of its shards and ends by moving them, in one transaction:
a worker that lost its partition without knowing finds the offset moved on, and its records done.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from ledger.connection import Transaction, now
from ledger.timeline import FIRST_TIMELINE


@dataclass(slots=True)
class Progress:
    """Where a shard stands: the next offset to apply, the next sequence of its journal."""

    shard: int
    next_offset: int
    next_sequence: int
    loaded_offset: int  # as it stood when the transaction locked it
    incarnation: int = 0  # of the topic whose offsets it counts
    timeline: int = FIRST_TIMELINE  # of the whole ledger
    leader_epoch: int | None = None  # of the last record that was applied

    def number(self) -> int:
        """Take the next sequence of the journal."""
        self.next_sequence += 1
        return self.next_sequence - 1


class FencedError(RuntimeError):
    """Another worker moved the shard inside our transaction: a lock did not hold. Roll back."""


class ResetError(RuntimeError):
    """Somebody told the shard to go on elsewhere while we held records of where it stood before."""


_LOCK: Final = """
SELECT shard, next_offset, next_sequence, next_offset, incarnation,
    (SELECT max(number) FROM timeline), leader_epoch
FROM shard WHERE shard = ANY(%s) ORDER BY shard FOR NO KEY UPDATE
"""


def lock(
    tx: Transaction, shards: Collection[int], incarnations: Mapping[int, int]
) -> tuple[dict[int, Progress], datetime]:
    """Lock the shards' rows, and tell the database's time: the only clock that decisions use.

    `incarnations` are those that the caller's records have their offsets in, by shard.

    Raises:
        ResetError: a shard counts in another one by now.
    """
    rows = tx.execute(_LOCK, [sorted(shards)]).fetchall()
    progress = {row[0]: Progress(*row) for row in rows}
    for shard, at in progress.items():
        if at.incarnation != incarnations.get(shard, at.incarnation):
            raise ResetError(f"shard {shard} was reset to incarnation {at.incarnation}")
    return progress, now(tx)


_ADVANCE: Final = """
UPDATE shard SET next_offset = to_offset, next_sequence = to_sequence, leader_epoch = to_epoch
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[])
    AS moved(of_shard, from_offset, to_offset, to_sequence, to_epoch)
WHERE shard = of_shard AND next_offset = from_offset
"""


def advance(tx: Transaction, progress: Collection[Progress]) -> None:
    """Move the shards on, each from where it was loaded.

    Raises:
        FencedError: one no longer stood there.
    """
    rows = list(progress)
    done = tx.execute(
        _ADVANCE,
        [
            [row.shard for row in rows],
            [row.loaded_offset for row in rows],
            [row.next_offset for row in rows],
            [row.next_sequence for row in rows],
            [row.leader_epoch for row in rows],
        ],
    )
    if done.rowcount != len(rows):
        raise FencedError(f"{len(rows) - done.rowcount} of {len(rows)} shards had moved on")


_CREATE: Final = """
INSERT INTO shard (shard, next_offset, next_sequence)
SELECT unnest(%s::smallint[]), 0, 1 ON CONFLICT DO NOTHING
"""
_CREATE_PUBLICATION: Final = """
INSERT INTO publication (shard) SELECT unnest(%s::smallint[]) ON CONFLICT DO NOTHING
"""


def create(tx: Transaction, shards: Collection[int]) -> None:
    """Make the rows of shards that were never seen before."""
    numbers = sorted(shards)
    tx.execute(_CREATE, [numbers])
    tx.execute(_CREATE_PUBLICATION, [numbers])


class Position(NamedTuple):
    """Where a shard stands in its topic, and which incarnation of the topic that is."""

    next_offset: int
    topic_id: str | None
    leader_epoch: int | None
    incarnation: int


_POSITIONS: Final = """
SELECT shard, next_offset, topic_id, leader_epoch, incarnation FROM shard WHERE shard = ANY(%s)
"""


def positions(tx: Transaction, shards: Collection[int]) -> dict[int, Position]:
    """Where each of the shards stands; nothing of those that were never seen."""
    return {row[0]: Position(*row[1:]) for row in tx.execute(_POSITIONS, [sorted(shards)])}


_NEXT_SEQUENCES: Final = "SELECT shard, next_sequence FROM shard WHERE shard = ANY(%s)"


def next_sequences(tx: Transaction, shards: Collection[int]) -> dict[int, int]:
    """The sequence that the next row of each shard's journal will have."""
    return dict(tx.execute(_NEXT_SEQUENCES, [sorted(shards)]).fetchall())


_BIND: Final = "UPDATE shard SET topic_id = %s WHERE shard = ANY(%s) AND topic_id IS NULL"


def bind(tx: Transaction, shards: Collection[int], topic_id: str) -> None:
    """Note which incarnation of the topic the shards' offsets count in, once."""
    tx.execute(_BIND, [topic_id, sorted(shards)])


_ENDS: Final = "SELECT shard, next_sequence - 1 FROM shard WHERE next_sequence > 1 ORDER BY shard"


def ends(tx: Transaction) -> dict[int, int]:
    """The last sequence of each shard's journal."""
    return dict(tx.execute(_ENDS).fetchall())


_STANDING: Final = """
SELECT shard, next_offset, next_sequence, incarnation, topic_id FROM shard ORDER BY shard
"""


def standing(tx: Transaction) -> list[dict[str, int | str | None]]:
    """Where each shard stands, by the names of its columns."""
    names = ("shard", "next_offset", "next_sequence", "incarnation", "topic_id")
    return [dict(zip(names, row, strict=True)) for row in tx.execute(_STANDING)]
