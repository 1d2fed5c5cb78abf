"""The answers to commands that were met before: the first answer again, or that the key is taken."""

from dataclasses import dataclass
from typing import Any

import orjson

from consumers.sort_out import Repeat, Sorted
from ledger import journal
from ledger.connection import Transaction
from schemas.problems import KEY_REUSED, problem


@dataclass(slots=True)
class Answer:
    """A result to send that is no record of its own: nothing is written for a repeat."""

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
        repeated(
            repeat,
            orjson.loads(stored[repeat.asked.envelope.tenant_id, old.shard, old.sequence]),
        )
        for repeat, old in batch.repeats_of_old
    ]


def repeated(repeat: Repeat, first: dict[str, Any]) -> Answer:
    """The first answer, under the request that asks now; or the refusal of a key that is taken."""
    envelope = repeat.asked.envelope
    asked_now: dict[str, Any] = {
        "request_id": envelope.request_id,
        "traceparent": envelope.traceparent,
        "reply_to": envelope.reply_to,
    }
    if repeat.same:
        if first["status"] == "rejected":
            asked_now["problem"] = {**first["problem"], "request_id": envelope.request_id}
        return Answer({**first, **asked_now}, replayed=True)
    key = envelope.idempotency_key
    said = f"Idempotency-Key: {key} was used before, for a command that asks for something else"
    refusal = problem(KEY_REUSED, said, pointer="Idempotency-Key", request_id=envelope.request_id)
    refused = {
        "command_type": envelope.command_type,
        "status": "rejected",
        "code": KEY_REUSED.status,
        "resource": None,
        "body": None,
        "problem": refusal,
    }
    return Answer({**first, **asked_now, **refused}, replayed=False)
