"""Table dead_letter: where each dead letter stands in the journal, and whether it was redriven.

The journal holds the record itself. A row is written with it, in one transaction; afterwards only
a redrive changes it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from ledger.connection import Transaction

_LOCK: Final = 7_150_202  # any number that nobody else of this database takes


class Place(NamedTuple):
    """A letter's place in the journal, which names it."""

    shard: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.shard}:{self.sequence}"


class Letter(NamedTuple):
    """A dead letter, without its record."""

    place: Place
    tenant_id: str
    incarnation: int
    offset: int
    key_hash: bytes | None
    reason: str
    replays: int
    first_failed_at: datetime
    failed_at: datetime
    redriven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters are meant; an empty collection means all."""

    shards: Collection[int] = ()
    reasons: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    places: Collection[Place] = ()


def key_hash(key: bytes | None) -> bytes | None:
    """What stands for a record's key: records of one key keep their order."""
    return None if key is None else sha256(key).digest()[:16]


_INSERT: Final = """
INSERT INTO dead_letter (shard, sequence, tenant_id, incarnation, record_offset, key_hash, reason,
    replays, first_failed_at, failed_at)
SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::text[], %s::smallint[], %s::bigint[],
    %s::bytea[], %s::text[], %s::smallint[], %s::timestamptz[], %s::timestamptz[])
"""


def insert(tx: Transaction, letters: Sequence[Letter]) -> None:
    """Note the dead letters that the journal takes in the same transaction."""
    if not letters:
        return
    rows = [(*letter.place, *letter[1:-1]) for letter in letters]
    tx.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])


_OFFSETS: Final = """
SELECT d.shard, d.record_offset
FROM unnest(%s::smallint[], %s::smallint[], %s::bigint[]) AS looked(shard, incarnation, behind)
JOIN dead_letter d ON d.shard = looked.shard AND d.incarnation = looked.incarnation
    AND d.record_offset > looked.behind
ORDER BY d.shard, d.record_offset
"""


def offsets(tx: Transaction, behind: Mapping[tuple[int, int], int]) -> dict[int, list[int]]:
    """The offsets of each shard's dead letters behind one, by (shard, incarnation of its topic)."""
    columns = [
        [shard for shard, _ in behind],
        [incarnation for _, incarnation in behind],
        list(behind.values()),
    ]
    found: dict[int, list[int]] = {shard: [] for shard, _ in behind}
    for shard, offset in tx.execute(_OFFSETS, columns):
        found[shard].append(offset)
    return found


_WANTED: Final = """
(%(shards)s::smallint[] = '{}' OR shard = ANY(%(shards)s::smallint[]))
    AND (%(reasons)s::text[] = '{}' OR reason = ANY(%(reasons)s::text[]))
    AND failed_at >= coalesce(%(since)s::timestamptz, '-infinity')
    AND failed_at < coalesce(%(until)s::timestamptz, 'infinity')
    AND (%(of_shards)s::smallint[] = '{}' OR (shard, sequence) IN (
        SELECT * FROM unnest(%(of_shards)s::smallint[], %(sequences)s::bigint[])))
"""
_FIND: Final = f"""
SELECT shard, sequence, tenant_id, incarnation, record_offset, key_hash, reason, replays,
    first_failed_at, failed_at, redriven_at
FROM dead_letter WHERE {_WANTED} ORDER BY failed_at DESC, shard, sequence DESC LIMIT %(limit)s
"""  # noqa: S608  # put together from constants


def _values(wanted: Filter) -> dict[str, Any]:
    return {
        "shards": list(wanted.shards),
        "reasons": list(wanted.reasons),
        "since": wanted.since,
        "until": wanted.until,
        "of_shards": [place.shard for place in wanted.places],
        "sequences": [place.sequence for place in wanted.places],
    }


def find(tx: Transaction, wanted: Filter, limit: int) -> list[Letter]:
    """The youngest of the letters that are meant."""
    rows = tx.execute(_FIND.encode(), {**_values(wanted), "limit": limit})
    return [Letter(Place(*row[:2]), *row[2:]) for row in rows]


class Count(NamedTuple):
    """How many letters of a shard have one reason: in all, redriven, and redriven too often."""

    shard: int
    reason: str
    letters: int
    redriven: int
    parked: int


_COUNTS: Final = f"""
SELECT shard, reason, count(*), count(redriven_at),
    count(*) FILTER (WHERE redriven_at IS NULL AND replays >= %(replays_max)s)
FROM dead_letter WHERE {_WANTED} GROUP BY shard, reason ORDER BY shard, reason
"""  # noqa: S608  # put together from constants


def counts(tx: Transaction, wanted: Filter, replays_max: int) -> list[Count]:
    """The letters that are meant, counted by shard and reason."""
    rows = tx.execute(_COUNTS.encode(), {**_values(wanted), "replays_max": replays_max})
    return [Count(*row) for row in rows]


_WAITING: Final = f"""
SELECT shard, sequence, tenant_id, incarnation, record_offset, key_hash, reason, replays,
    first_failed_at, failed_at, {_WANTED}
FROM dead_letter WHERE redriven_at IS NULL ORDER BY shard, sequence
"""  # noqa: S608  # put together from constants


def waiting(tx: Transaction, wanted: Filter) -> list[tuple[Letter, bool]]:
    """Every letter that was not redriven, in order, and whether it is among those meant."""
    rows = tx.execute(_WAITING.encode(), _values(wanted))
    return [(Letter(Place(*row[:2]), *row[2:-1]), row[-1]) for row in rows]


_TRY_LOCK: Final = "SELECT pg_try_advisory_lock(%s), clock_timestamp()"


def lock_redrive(tx: Transaction) -> datetime | None:
    """Be the only one who redrives, for as long as the session lasts.

    Returns the database's time; nothing if somebody else redrives.
    """
    row = tx.execute(_TRY_LOCK, [_LOCK]).fetchone()
    return row[1] if row and row[0] else None


_BEGIN: Final = """
UPDATE dead_letter d SET redrive_began_at = clock_timestamp(), redrive_from = ends
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[]) AS sent(of_shard, of_sequence, ends)
WHERE d.shard = of_shard AND d.sequence = of_sequence
"""


def begin(tx: Transaction, ends: Mapping[Place, int]) -> None:
    """Note that letters are about to be sent, and where their partitions end before that."""
    columns = [[place.shard for place in ends], [place.sequence for place in ends]]
    tx.execute(_BEGIN, [*columns, list(ends.values())])


_UNSURE: Final = """
SELECT shard, sequence, redrive_from, clock_timestamp() - redrive_began_at
FROM dead_letter WHERE redrive_began_at IS NOT NULL AND redriven_at IS NULL ORDER BY shard, sequence
"""


class Unsure(NamedTuple):
    """A letter that a redrive was about to send when it was cut off."""

    place: Place
    sent_from: int
    seconds_ago: float


def unsure(tx: Transaction) -> list[Unsure]:
    """The letters of which nobody knows whether they were sent."""
    return [
        Unsure(Place(shard, sequence), sent_from, ago.total_seconds())
        for shard, sequence, sent_from, ago in tx.execute(_UNSURE)
    ]


_FINISH: Final = """
UPDATE dead_letter d SET redrive_began_at = NULL, redrive_from = NULL,
    redriven_at = CASE WHEN was_sent THEN clock_timestamp() END
FROM unnest(%s::smallint[], %s::bigint[], %s::boolean[]) AS done(of_shard, of_sequence, was_sent)
WHERE d.shard = of_shard AND d.sequence = of_sequence
"""


def finish(tx: Transaction, was_sent: Mapping[Place, bool]) -> None:
    """Note which letters stand in their topic again, and which were not sent after all."""
    columns = [[place.shard for place in was_sent], [place.sequence for place in was_sent]]
    tx.execute(_FINISH, [*columns, list(was_sent.values())])
