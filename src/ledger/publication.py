"""Table publication: how far each shard's journal is acknowledged, and who may publish it now.

A shard has one publisher at a time: the worker that reads it, or the relay when no worker renews
its lease. Whoever takes the lease raises its epoch, so the one before cannot mark any more.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from ledger.connection import Transaction

LEASE_SECONDS: Final = 10


class Lease(NamedTuple):
    """The right to publish a shard, and from where."""

    shard: int
    epoch: int
    published_up_to: int


_TAKE: Final = """
UPDATE publication SET lease_owner = %s, lease_epoch = lease_epoch + 1,
    lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE shard = ANY(%s) RETURNING shard, lease_epoch, published_up_to
"""


def take(tx: Transaction, owner: str, shards: Collection[int]) -> list[Lease]:
    """Take the leases of the shards from whoever has them: for the worker that reads them."""
    rows = tx.execute(_TAKE, [owner, LEASE_SECONDS, sorted(shards)])
    return [Lease(*row) for row in rows]


_TAKE_FREE: Final = """
UPDATE publication p SET lease_owner = %(owner)s, lease_epoch = lease_epoch + 1,
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
FROM shard s
WHERE s.shard = p.shard AND s.next_sequence - 1 > p.published_up_to
    AND (p.lease_until < clock_timestamp() OR p.lease_owner = %(owner)s)
RETURNING p.shard, p.lease_epoch, p.published_up_to
"""


def take_free(tx: Transaction, owner: str) -> list[Lease]:
    """Take the leases that nobody renews, of shards with rows to publish: for the relay."""
    rows = tx.execute(_TAKE_FREE, {"owner": owner, "seconds": LEASE_SECONDS})
    return [Lease(*row) for row in rows]


_MARK: Final = """
UPDATE publication SET published_up_to = greatest(published_up_to, up_to),
    lease_until = clock_timestamp() + make_interval(secs => %s)
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[]) AS done(of_shard, epoch, up_to)
WHERE shard = of_shard AND lease_epoch = epoch RETURNING shard
"""


def mark(tx: Transaction, epochs: Mapping[int, int], up_to: Mapping[int, int]) -> set[int]:
    """Note how far the broker has acknowledged each shard of `up_to`, and renew its lease.

    Losing this in a crash only repeats messages, so it does not wait for the disk. Returns the
    shards whose lease somebody else has taken.
    """
    shards = list(up_to)
    tx.execute("SET LOCAL synchronous_commit = off")
    kept = tx.execute(
        _MARK,
        [
            LEASE_SECONDS,
            shards,
            [epochs[shard] for shard in shards],
            [up_to[shard] for shard in shards],
        ],
    )
    return set(shards) - {row[0] for row in kept}


_BACKLOG: Final = """
SELECT s.shard, s.next_sequence - 1 - p.published_up_to FROM shard s JOIN publication p USING (shard)
"""


def backlog(tx: Transaction) -> dict[int, int]:
    """How many journal rows of each shard wait to be published."""
    return dict(tx.execute(_BACKLOG).fetchall())


class Unpublished(NamedTuple):
    """What the broker has not acknowledged, as marked; under load marks are half a second old."""

    rows: int
    oldest_seconds: float


_UNPUBLISHED: Final = """
SELECT coalesce(sum(s.next_sequence - 1 - p.published_up_to), 0)::bigint,
    coalesce(extract(epoch FROM clock_timestamp() - min(first.recorded_at)), 0)::float8
FROM shard s JOIN publication p USING (shard)
LEFT JOIN LATERAL (
    SELECT j.recorded_at FROM segment g
    JOIN journal j USING (tenant_id, shard)
    WHERE g.shard = s.shard AND j.sequence = p.published_up_to + 1
) first ON true
WHERE s.next_sequence - 1 > p.published_up_to
"""


def unpublished(tx: Transaction) -> Unpublished:
    """All shards' rows that wait to be published, and how long the oldest has waited."""
    row = tx.execute(_UNPUBLISHED).fetchone()
    return Unpublished(*row) if row else Unpublished(0, 0.0)
