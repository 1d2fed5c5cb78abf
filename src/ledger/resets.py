"""Table consumer_reset: where an operator told halted workers to go on, and what that accepted."""

from collections.abc import Collection
from typing import Final, NamedTuple

from ledger.connection import Transaction
from ledger.shards import FencedError


class Reset(NamedTuple):
    """A shard that is to go on elsewhere, or in another incarnation of its topic."""

    shard: int
    accepted: str
    says: str
    from_offset: int
    to_offset: int
    from_topic_id: str | None
    to_topic_id: str
    new_incarnation: bool  # offsets that were used before come to stand for other records


_RECORD: Final = """
INSERT INTO consumer_reset (shard, number, accepted, says, from_offset, to_offset, from_topic_id,
    to_topic_id, from_incarnation, to_incarnation, actor)
SELECT s.shard, (SELECT count(*) + 1 FROM consumer_reset r WHERE r.shard = s.shard), %(accepted)s,
    %(says)s, s.next_offset, %(to_offset)s, s.topic_id, %(to_topic_id)s, s.incarnation,
    s.incarnation + %(new_incarnation)s::boolean::int, %(actor)s
FROM shard s WHERE s.shard = %(shard)s AND s.next_offset = %(from_offset)s
    AND s.topic_id IS NOT DISTINCT FROM %(from_topic_id)s::text
FOR UPDATE
"""
_MOVE: Final = """
UPDATE shard SET next_offset = %(to_offset)s, topic_id = %(to_topic_id)s, leader_epoch = NULL,
    incarnation = incarnation + %(new_incarnation)s::boolean::int
WHERE shard = %(shard)s
"""


def reset(tx: Transaction, resets: Collection[Reset], actor: str) -> None:
    """Move each shard to where it shall go on, and keep who said so.

    Raises:
        FencedError: one no longer stands where it stood when somebody looked.
        psycopg.errors.CheckViolation: a shard has had all the incarnations it can have, 255.
    """
    for each in sorted(resets):
        values = {**each._asdict(), "actor": actor}
        if tx.execute(_RECORD, values).rowcount != 1:
            raise FencedError(f"shard {each.shard} has moved since")
        tx.execute(_MOVE, values)


_WORKERS: Final = """
SELECT shard, lease_owner FROM publication
WHERE shard = ANY(%s) AND lease_until > clock_timestamp() AND lease_owner LIKE 'worker%%'
ORDER BY shard
"""


def workers_of(tx: Transaction, shards: Collection[int]) -> dict[int, str]:
    """The workers that have published one of the shards in the last seconds."""
    return dict(tx.execute(_WORKERS, [sorted(shards)]).fetchall())
