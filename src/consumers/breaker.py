"""When a module halts rather than drain its topic into the dead letters.

What is judged is the last records of a partition, by their offsets, those of the batch in hand
among them: so nothing need be remembered beside the ledger, a worker that begins again halts again
at the same record, and no batch is committed past the limit.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from consumers.metrics import DEAD_LETTER_SHARE
from consumers.parse import Asked, DeadLetter
from consumers.places import HaltError
from ledger import dead_letters
from ledger.connection import Transaction
from ledger.shards import Progress
from schemas.topics import module_of, partition_of

RUNBOOK: Final = "docs/runbooks/dead-letters.md"


class Limit(NamedTuple):
    """How many of a partition's last records may be dead letters."""

    share_max: float = 0.2
    window_records: int = 500

    @property
    def letters_max(self) -> int:
        """The most letters that a window may hold."""
        return int(self.share_max * self.window_records)


USUAL: Final = Limit()


class Crowd(NamedTuple):
    """The most letters that stand in one window, and the offset of the last of them."""

    letters: int
    last: int


def crowd(past: Sequence[int], new: Sequence[int], window_records: int) -> Crowd:
    """The fullest of the windows that end at a new letter. Pure; both are offsets in their order."""
    offsets = [*past, *new]
    ends = range(len(past), len(offsets))
    return max(
        Crowd(end + 1 - bisect_right(offsets, offsets[end] - window_records), offsets[end])
        for end in ends
    )


def check(
    tx: Transaction,
    fresh: Sequence[Asked | DeadLetter],
    progress: Mapping[int, Progress],
    limit: Limit,
) -> None:
    """Halt if the batch would make more letters than its partitions may have.

    Asks the database only if the batch holds a letter. The shards' rows are locked.

    Raises:
        HaltError: nothing of the batch was applied.
    """
    letters = [each for each in fresh if isinstance(each, DeadLetter)]
    new: dict[int, list[int]] = {}
    for letter in letters:
        new.setdefault(letter.record.shard, []).append(letter.record.offset)
    if not new:
        return
    past = dead_letters.offsets(
        tx,
        {
            (shard, progress[shard].incarnation): offsets[0] - limit.window_records
            for shard, offsets in new.items()
        },
    )
    for shard, offsets in new.items():
        found = crowd(past[shard], offsets, limit.window_records)
        share = found.letters / limit.window_records
        DEAD_LETTER_SHARE.labels(module_of(shard)).set(share)
        if found.letters > limit.letters_max:
            raise HaltError(_said(shard, found, limit, letters))


def _said(shard: int, found: Crowd, limit: Limit, letters: Sequence[DeadLetter]) -> str:
    reasons = Counter(str(letter.why.reason) for letter in letters)
    (reason, times), *_ = reasons.most_common(1)
    return (
        f"too many dead letters: {found.letters} among the {limit.window_records} records up to "
        f"offset {found.last} of {module_of(shard)} [{partition_of(shard)}], and "
        f"{limit.letters_max} are the limit; of those in hand {times} are {reason}. Nothing of "
        f"this batch was applied. See {RUNBOOK}"
    )
