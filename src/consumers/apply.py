"""One batch of commands becomes one ledger transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

import consumers.decisions.all  # noqa: F401  # registers them
from consumers import flush
from consumers.decide import Decided, Repeat, decide, reused
from consumers.failpoints import reached
from consumers.load import load
from consumers.parse import Asked, DeadLetter
from consumers.stages import Stages
from ledger import idempotency, journal, reservations, shards
from ledger.book import Book, Reservation
from ledger.connection import Transaction
from ledger.idempotency import Applied as AppliedBefore
from ledger.shards import Progress
from schemas.commands.reservations import ExpireReservation
from schemas.envelope import Envelope
from schemas.times import stamp

EXPIRED_PER_BATCH_MAX: Final = 1_000

Batch = Sequence[Asked | DeadLetter]


@dataclass(slots=True)
class Answer:
    """A result to send that is not this batch's own record: a repeat's, or its refusal."""

    record: dict[str, Any]
    replayed: bool


@dataclass(slots=True)
class Flushed:
    """What a batch came to: the records that it wrote, and the answers that wrote nothing."""

    records: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
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


def apply(  # what one batch needs
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
        psycopg.Error: nothing was committed, or (a lost connection) it is unknown whether it
            was; applying the same batch again finds out.
        Exception: a decision has a bug; nothing was committed.
    """
    with tx.transaction():
        progress, now = shards.lock(tx, {_shard(asked) for asked in batch} or owned[:1])
        fresh = [asked for asked in batch if _is_fresh(asked, progress)]
        flushed = Flushed(redelivered=len(batch) - len(fresh))
        due = _due(tx, min(progress), rules.module, now) if progress and expire else []
        if not fresh and not due:
            return flushed
        reached("w.after_begin")
        known = _known(tx, fresh) if look_up else {}
        todo = [*due, *fresh]
        asked = [a for a in todo if isinstance(a, Asked) and a.identity not in known]
        book = load(tx, asked, now, rules.module)
        stages.passed("load")
        decided = decide(todo, known, book)
        stages.passed("decide")
        flushed.answered = _answers_to_old(tx, decided)
        if flushed.answered:
            rules.answer_repeats(flushed.answered)
        pages = _pages(tx, decided, book, progress, rules)
        flush.write(tx, decided, book, pages)
        reached("w.mid_apply")
        flush.advance(tx, todo, pages)
        flushed.records = pages.records
        flushed.answers = [
            _repeated(repeat, pages.by_identity[repeat.asked.identity])
            for repeat in decided.repeats_of_new
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


def _due(tx: Transaction, shard: int, module: str, now: datetime) -> list[Asked]:
    """The system's own commands: give back what is reserved past its time.

    They come first in a batch, so that what has run out is free for the commands behind them.
    """
    if module != "reservations":
        return []
    found = reservations.lock_due(tx, now, EXPIRED_PER_BATCH_MAX)
    return [_expire(reservation, shard) for reservation in found]


def _expire(reservation: Reservation, shard: int) -> Asked:
    named = reservation.reservation_id
    envelope = Envelope.model_validate(
        {
            "Command-Type": ExpireReservation.TYPE,
            "Request-Id": f"expire-{named}",
            "Idempotency-Key": f"expire-{named}",
            "Actor-Id": "stockyard",
            "Actor-Type": "worker",
            "Source-System": "inventory-worker",
            "Tenant-Id": reservation.tenant_id,
        }
    )
    command = ExpireReservation(reservation_id=named)
    # An identity that no client can spell, or one could keep a reservation from expiring.
    return Asked(shard, None, envelope, envelope.identity(own=True), command.fingerprint(), command)


def _known(tx: Transaction, fresh: Batch) -> dict[bytes, AppliedBefore]:
    """Which of the commands were applied in earlier batches."""
    return idempotency.find(
        tx,
        [(asked.envelope.tenant_id, asked.identity) for asked in fresh if isinstance(asked, Asked)],
    )


def _pages(
    tx: Transaction, decided: Decided, book: Book, progress: dict[int, Progress], rules: Rules
) -> flush.Pages:
    tenants = {
        rules.default_tenant if isinstance(asked, DeadLetter) else asked.envelope.tenant_id
        for asked, _ in decided.decisions
    }
    return flush.Pages(
        at=stamp(book.now),
        prefix=rules.prefix,
        default_tenant=rules.default_tenant,
        progress=progress,
        segments=journal.segments(tx, tenants, progress),
    )


def _answers_to_old(tx: Transaction, decided: Decided) -> list[Answer]:
    """The stored results of commands that earlier batches applied, for those who ask again."""
    places = {
        (repeat.asked.envelope.tenant_id, old.shard, old.sequence)
        for repeat, old in decided.repeats_of_old
    }
    if not places:
        return []
    stored = journal.at(tx, places)
    return [
        _repeated(
            repeat,
            orjson.loads(stored[repeat.asked.envelope.tenant_id, old.shard, old.sequence]),
        )
        for repeat, old in decided.repeats_of_old
    ]


def _repeated(repeat: Repeat, first: dict[str, Any]) -> Answer:
    """The first answer again, under the request that asks now; or that its key is taken."""
    envelope = repeat.asked.envelope
    asked_now: dict[str, Any] = {
        "request_id": envelope.request_id,
        "traceparent": envelope.traceparent,
        "reply_to": envelope.reply_to,
    }
    if repeat.same:
        if first["status"] == "rejected":
            told = {**first["problem"], "request_id": envelope.request_id}
            asked_now = {**asked_now, "problem": told}
        return Answer({**first, **asked_now}, replayed=True)
    refusal = {
        "command_type": envelope.command_type,
        "status": "rejected",
        "code": 422,
        "resource": None,
        "body": None,
        "problem": {**reused(repeat.asked), "request_id": envelope.request_id},
    }
    return Answer({**first, **asked_now, **refusal}, replayed=False)
