"""The fold at the heart of a batch: each command against the book that those before it left. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from consumers.decisions.carrying import follow
from consumers.decisions.frozen import stays
from consumers.decisions.registry import DECIDERS, Ask
from consumers.decisions.within import within
from consumers.parse import Asked, DeadLetter
from consumers.sort_out import Numbered
from ledger.book import Book
from ledger.outcome import Applied, Outcome, Rejected


class Decision(NamedTuple):
    """What became of something numbered; of a dead letter nothing does."""

    asked: Asked | DeadLetter
    sequence: int
    outcome: Outcome | None


def decide(new: Iterable[Numbered], book: Book) -> list[Decision]:
    """Decide commands in their order."""
    return [
        Decision(
            asked,
            sequence,
            None if isinstance(asked, DeadLetter) else _decide_one(asked, new_id, book),
        )
        for asked, sequence, new_id in new
    ]


def _decide_one(asked: Asked, new_id: str, book: Book) -> Outcome:
    """One command; if it applies, the book moves on."""
    envelope = asked.envelope
    if asked.command is None:
        return Rejected(422, asked.problem or {})
    ask = Ask(envelope.tenant_id, envelope.actor_id, new_id)
    outcome = DECIDERS[type(asked.command)].decide(asked.command, ask, book)
    if book.frozen and isinstance(outcome, Applied):
        outcome = stays(asked.command, outcome, ask, book) or outcome
    if envelope.locations is not None:
        outcome = within(asked.command, outcome, envelope.locations)
    if isinstance(outcome, Applied):
        if outcome.bin_moves or book.shelves.levels:
            follow(outcome, envelope.tenant_id, book)
        book.apply(envelope.tenant_id, envelope.actor_id, outcome)
    return outcome
