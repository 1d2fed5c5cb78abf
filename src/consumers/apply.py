"""One batch of commands becomes one ledger transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import consumers.decisions.all  # noqa: F401  # registers them
from consumers import breaker, flush
from consumers.decide import decide
from consumers.due import due
from consumers.load import load
from consumers.parse import Asked, DeadLetter
from consumers.repeats import Answer, again, answer, answers_to_old
from consumers.sort_out import Sorted, sort_out
from consumers.stages import Stages
from ledger import idempotency, journal, shards
from ledger.connection import Transaction
from ledger.idempotency import Applied as AppliedBefore
from ledger.shards import Progress
from schemas.failpoints import reached
from schemas.times import stamp

Batch = Sequence[Asked | DeadLetter]


@dataclass(slots=True)
class Flushed:
    """What a batch came to: the records that it wrote, and the answers that wrote nothing."""

    records: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)  # are told with the records of the first
    answered: list[Answer] = field(default_factory=list)  # were sent before the commit
    redelivered: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a batch needs to know beside its commands."""

    module: str
    prefix: str
    default_tenant: str
    answer_repeats: Callable[[list[Answer]], None]
    """Sends the answers to repeats of older commands and waits until they are acknowledged.
    Called before the commit: once the offset has moved, nobody would send them again."""
    dead_letters: breaker.Limit = breaker.USUAL
    incarnations: Mapping[int, int] = field(default_factory=dict)
    """Of the topic, as each shard counted when it became ours: the records have offsets in it."""


def apply(
    tx: Transaction,
    batch: Batch,
    owned: Sequence[int],
    rules: Rules,
    stages: Stages,
    *,
    expire: bool = True,
    look_up: bool = True,
) -> Flushed:
    """Apply each command of the batch once, in order; commit all of it or none.

    A fixed number of statements whatever its size, so a slow database makes larger batches, not
    a longer queue. `owned` are the shards that this worker reads: what is due to expire is
    written to one of them when the batch is empty. `expire` leaves that out when false.
    `look_up` asks which commands were applied before; without it, one that was is a violation.

    Raises:
        HaltError: the batch holds more dead letters than may be; nothing was committed.
        psycopg.Error: nothing was committed, or (a lost connection) it is unknown whether it
            was; applying the same batch again finds out.
        ResetError: a shard goes on elsewhere; nothing was committed.
        Exception: a decision has a bug; nothing was committed.
    """
    with tx.transaction():
        here = {_shard(asked) for asked in batch} or owned[:1]
        progress, now = shards.lock(tx, here, rules.incarnations)
        fresh = [asked for asked in batch if _is_fresh(asked, progress)]
        breaker.check(tx, fresh, progress, rules.dead_letters)
        flushed = Flushed(redelivered=len(batch) - len(fresh))
        own = due(tx, min(progress), rules.module, now) if progress and expire else []
        if not fresh and not own:
            return flushed
        reached("w.after_begin")
        todo = sort_out([*own, *fresh], _known(tx, fresh) if look_up else {}, progress)
        # Keys first: what can be done before the balances are locked holds up nobody.
        pages = _pages(tx, todo, progress, stamp(now), rules)
        for repeat in todo.repeats_of_new:
            pages.again.setdefault(repeat.asked.identity, []).append(again(repeat))
        idempotency.insert(tx, (flush.key(asked, at, pages) for asked, at in todo.commands()))
        flushed.answered = answers_to_old(tx, todo)
        if flushed.answered:
            rules.answer_repeats(flushed.answered)
        stages.passed("claim")
        book = load(tx, [asked for asked, _ in todo.commands()], now, rules.module)
        stages.passed("load")
        decisions = decide(todo.new, book)
        stages.passed("decide")
        flush.write(tx, decisions, book, pages)
        reached("w.mid_apply")
        flush.advance(tx, fresh, pages)
        flushed.records = pages.records
        flushed.answers = [
            answer(repeat, pages.by_identity[repeat.asked.identity])
            for repeat in todo.repeats_of_new
        ]
        reached("w.before_commit")
    reached("w.after_commit")
    stages.passed("flush")
    return flushed


def _shard(asked: Asked | DeadLetter) -> int:
    return asked.record.shard if isinstance(asked, DeadLetter) else asked.shard


def _is_fresh(asked: Asked | DeadLetter, progress: dict[int, Progress]) -> bool:
    """Whether a record was not applied before: redelivered ones lie before the shard's offset."""
    record = asked.record if isinstance(asked, DeadLetter) else asked
    return record.offset is None or record.offset >= progress[record.shard].next_offset


def _known(tx: Transaction, fresh: Batch) -> dict[bytes, AppliedBefore]:
    """Which of the commands were applied in earlier batches."""
    return idempotency.find(
        tx,
        [(asked.envelope.tenant_id, asked.identity) for asked in fresh if isinstance(asked, Asked)],
    )


def _pages(
    tx: Transaction, todo: Sorted, progress: dict[int, Progress], at: str, rules: Rules
) -> flush.Pages:
    tenants = {
        rules.default_tenant if isinstance(asked, DeadLetter) else asked.envelope.tenant_id
        for asked, *_ in todo.new
    }
    return flush.Pages(
        at=at,
        prefix=rules.prefix,
        default_tenant=rules.default_tenant,
        progress=progress,
        segments=journal.segments(tx, tenants, progress),
    )
