"""The fold at the heart of a batch: each command against the book that those before it left. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from consumers.decisions.registry import DECIDERS, Ask
from consumers.parse import Asked, DeadLetter
from ledger.book import Applied, Book, Outcome, Rejected
from ledger.idempotency import Applied as AppliedBefore
from schemas.problems import KEY_REUSED, Problem, problem


class Decision(NamedTuple):
    """A command and what became of it; or a dead letter, of which nothing does."""

    asked: Asked | DeadLetter
    outcome: Outcome | None


class Repeat(NamedTuple):
    """A command whose identity was met before: the command, and where its first answer is."""

    asked: Asked
    same: bool  # asks the same as the first; otherwise the key was used for something else


@dataclass(slots=True)
class Decided:
    """What a batch comes to."""

    decisions: list[Decision] = field(default_factory=list)
    repeats_of_old: list[tuple[Repeat, AppliedBefore]] = field(default_factory=list)
    repeats_of_new: list[Repeat] = field(default_factory=list)  # of a command of this batch


def decide(
    batch: Iterable[Asked | DeadLetter], known: dict[bytes, AppliedBefore], book: Book
) -> Decided:
    """Decide a batch in its order; `known` are those of its identities applied in earlier ones."""
    decided = Decided()
    first: dict[bytes, bytes] = {}
    for asked in batch:
        if isinstance(asked, DeadLetter):
            decided.decisions.append(Decision(asked, None))
            continue
        old = known.get(asked.identity)
        if old is not None:
            repeat = Repeat(asked, old.fingerprint == asked.fingerprint)
            decided.repeats_of_old.append((repeat, old))
            continue
        fingerprint = first.setdefault(asked.identity, asked.fingerprint)
        if fingerprint is not asked.fingerprint:
            decided.repeats_of_new.append(Repeat(asked, fingerprint == asked.fingerprint))
            continue
        decided.decisions.append(Decision(asked, _decide_one(asked, book)))
    return decided


def _decide_one(asked: Asked, book: Book) -> Outcome:
    """One command; if it applies, the book moves on."""
    envelope = asked.envelope
    if asked.command is None:
        refusal: Problem = asked.problem or {}
        return Rejected(422, refusal)
    ask = Ask(envelope.tenant_id, envelope.actor_id, _new_id(asked))
    outcome = DECIDERS[type(asked.command)].decide(asked.command, ask, book)
    if isinstance(outcome, Applied):
        book.apply(envelope.tenant_id, envelope.actor_id, outcome)
    return outcome


def _new_id(asked: Asked) -> str:
    """The id of what a command makes: from where the command stands, so the same each time.

    Digits are padded, so that the ids of one shard sort in their order and index well.
    """
    return f"{asked.shard:04x}{asked.offset or 0:011x}"


def reused(asked: Asked) -> Problem:
    """The refusal of a key that belongs to another command."""
    key = asked.envelope.idempotency_key
    said = f"Idempotency-Key: {key} was used before, for a command that asks for something else"
    return problem(KEY_REUSED, said, pointer="Idempotency-Key")
