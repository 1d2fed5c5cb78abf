"""The answers to commands that earlier batches applied: the first again, or that the key is taken."""

from dataclasses import dataclass
from typing import Any

import orjson

from consumers.sort_out import Repeat, Sorted
from ledger import journal
from ledger.connection import Transaction
from producers.repeats import Again, repeated


@dataclass(slots=True)
class Answer:
    """A result that is no record of its own: nothing is written for a repeat."""

    record: dict[str, Any]
    replayed: bool


def answers_to_old(tx: Transaction, batch: Sorted) -> list[Answer]:
    """The stored results of commands that earlier batches applied, for those who ask again."""
    places = {
        (repeat.asked.envelope.tenant_id, old.shard, old.sequence)
        for repeat, old in batch.repeats_of_old
    }
    if not places:
        return []
    stored = journal.at(tx, places)
    return [
        answer(
            repeat,
            orjson.loads(stored[repeat.asked.envelope.tenant_id, old.shard, old.sequence]),
        )
        for repeat, old in batch.repeats_of_old
    ]


def answer(repeat: Repeat, first: dict[str, Any]) -> Answer:
    """What a repeat is told, from the record of the first."""
    return Answer(repeated(first, again(repeat)), replayed=repeat.same)


def again(repeat: Repeat) -> Again:
    """A repeat, as the record of the first keeps it."""
    envelope = repeat.asked.envelope
    return (
        envelope.request_id,
        envelope.traceparent,
        envelope.reply_to,
        None if repeat.same else envelope.command_type,
    )
