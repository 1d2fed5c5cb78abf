"""Which commands of a batch are new, and which number each gets in its shard's journal. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from consumers.parse import Asked, DeadLetter
from ledger.idempotency import Applied as AppliedBefore
from ledger.shards import Progress


class Numbered(NamedTuple):
    """Something to keep in the journal: a new command, or a dead letter."""

    asked: Asked | DeadLetter
    sequence: int
    new_id: str  # of the resource that the command may make


class Repeat(NamedTuple):
    """A command whose identity was met before."""

    asked: Asked
    same: bool  # asks the same as the first; otherwise the key was used for something else


@dataclass(slots=True)
class Sorted:
    """A batch, sorted out."""

    new: list[Numbered] = field(default_factory=list)
    repeats_of_old: list[tuple[Repeat, AppliedBefore]] = field(default_factory=list)
    repeats_of_new: list[Repeat] = field(default_factory=list)  # of a command of this batch

    def commands(self) -> Iterable[tuple[Asked, int]]:
        """The new commands, each with its number."""
        return ((asked, sequence) for asked, sequence, _ in self.new if isinstance(asked, Asked))


def sort_out(
    batch: Iterable[Asked | DeadLetter],
    known: dict[bytes, AppliedBefore],
    progress: dict[int, Progress],
) -> Sorted:
    """Number what is new, in its order; `known` are the identities that earlier batches applied."""
    sorted_out = Sorted()
    first: dict[bytes, bytes] = {}
    for asked in batch:
        if isinstance(asked, DeadLetter):
            sorted_out.new.append(Numbered(asked, progress[asked.record.shard].number(), ""))
            continue
        old = known.get(asked.identity)
        if old is not None:
            repeat = Repeat(asked, old.fingerprint == asked.fingerprint)
            sorted_out.repeats_of_old.append((repeat, old))
            continue
        fingerprint = first.setdefault(asked.identity, asked.fingerprint)
        if fingerprint is asked.fingerprint:
            shard = progress[asked.shard]
            sorted_out.new.append(Numbered(asked, shard.number(), _new_id(asked, shard)))
        else:
            same = fingerprint == asked.fingerprint
            sorted_out.repeats_of_new.append(Repeat(asked, same))
    return sorted_out


def _new_id(asked: Asked, shard: Progress) -> str:
    """An id made from where the command stands in its topic, so the same each time it is read.

    Digits are padded, so that the ids of one shard sort in their order and index well.
    """
    return f"{asked.shard:04x}{shard.incarnation:02x}{asked.offset or 0:09x}"
