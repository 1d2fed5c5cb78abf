"""Journal records: the one account of what became of each command, from which all else is made."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote

import orjson

from consumers.parse import Asked, DeadLetter
from ledger.bin_stock import BinLevel, BinMove
from ledger.costing import CostFact
from ledger.level import Level
from ledger.outcome import Applied, Movement, Outcome
from ledger.serial_unit import STATUSES, Serial
from schemas.base import shown
from schemas.serials import compact
from schemas.topics import commands_topic, consumer_group, module_of

LEVELS_PER_RECORD: Final = 12
"""Few enough that a record is stored in line (below 2 kB), many enough to be rare."""


def command_record(
    asked: Asked,
    outcome: Outcome,
    sequence: int,
    at: str,
    levels_at: tuple[int, int] | None,
) -> dict[str, Any]:
    """What became of a command. `levels_at` is where its batch's new levels stand."""
    envelope = asked.envelope
    record = {
        "kind": "command",
        "shard": asked.shard,
        "sequence": sequence,
        "offset": asked.offset,
        "at": at,
        "tenant_id": envelope.tenant_id,
        "request_id": envelope.request_id,
        "idempotency_key": envelope.idempotency_key,
        "source_system": envelope.source_system,
        "actor_id": envelope.actor_id,
        "actor_type": envelope.actor_type,
        "command_type": envelope.command_type,
        "code": outcome.code,
    }
    # What there is nothing of is left out: half of a row's cost is its length.
    if envelope.traceparent:
        record["traceparent"] = envelope.traceparent
    if envelope.reply_to:
        record["reply_to"] = envelope.reply_to
    if isinstance(outcome, Applied):
        _tell_applied(record, outcome)
        if levels_at:
            record["levels_at"] = levels_at
    else:
        record["status"] = "rejected"
        record["problem"] = {**outcome.problem, "request_id": envelope.request_id}
    return record


def _tell_applied(record: dict[str, Any], outcome: Applied) -> None:
    kind, named = outcome.resource
    record["status"] = "applied"
    record["resource"] = {"type": kind, "id": named}
    record["body"] = orjson.Fragment(orjson.dumps(outcome.body))
    record["events"] = [tuple(event) for event in outcome.events]
    if outcome.commitments:
        record["commitments"] = [
            (sku, location, lot, shown(quantity))
            if of == "reserved"
            else (sku, location, lot, shown(quantity), of)
            for sku, location, lot, quantity, of in outcome.commitments
        ]
    if outcome.costs:
        record["costs"] = [cost_entry(number, fact) for number, fact in enumerate(outcome.costs, 1)]
    if outcome.movements:
        record["movements"] = [
            movement_entry(number, movement) for number, movement in enumerate(outcome.movements, 1)
        ]
    if outcome.serials:
        record["serials"] = serial_changes(outcome.serials)
    if outcome.bin_levels:
        record["bins"] = bin_changes(outcome.bin_moves, outcome.bin_levels)


def movement_entry(number: int, movement: Movement) -> dict[str, Any]:
    """A movement as records and events show it, with its serials where its units have some."""
    cost = movement.unit_cost
    entry: dict[str, Any] = {
        "entry": number,
        "sku": movement.sku,
        "lot": movement.lot or None,
        "serial": None,
        "from_account": movement.from_account,
        "to_account": movement.to_account,
        "quantity": shown(movement.quantity),
        "unit_cost": None if cost is None else shown(cost),
        "reason": movement.reason,
        "document": movement.document,
    }
    if movement.effective_at:
        entry["effective_at"] = movement.effective_at
    if movement.serials:
        entry["serials"] = compact(movement.serials)
    return entry


def cost_entry(number: int, fact: CostFact) -> dict[str, Any]:
    """What was said of costs, as records show it: what there is nothing of is left out."""
    said = {
        name: shown(value) if isinstance(value, Decimal) else value
        for name, value in fact._asdict().items()
    }
    return {"entry": number, **{name: value for name, value in said.items() if value}}


def serial_changes(changed: Sequence[Serial]) -> list[dict[str, Any]]:
    """Serials as records and events show them: those that are alike together.

    `versions` are (how many, version) of the serials in their order.
    """
    alike: dict[tuple[str, str, str, str | None], list[Serial]] = {}
    for each in changed:
        state = (each.sku, each.account, each.document, each.reservation_id)
        alike.setdefault(state, []).append(each)
    return [
        {
            "sku": sku,
            "status": STATUSES.get(account, "in_stock"),
            "location": None if account in STATUSES else account,
            "document": document,
            "reservation_id": reservation_id,
            "serials": compact(each.serial for each in group),
            "versions": [
                (len(list(run)), version)
                for version, run in groupby(each.version for each in group)
            ],
        }
        for (sku, account, document, reservation_id), group in alike.items()
    ]


def bin_changes(
    moves: Sequence[BinMove], levels: Sequence[BinLevel]
) -> dict[str, list[dict[str, Any]]]:
    """What was carried between bins, and what lies in those then, as records and events show it."""
    return {
        "moves": [
            {
                "entry": number,
                "sku": move.sku,
                "location": move.location,
                "lot": move.lot or None,
                "from_bin": move.from_bin or None,
                "to_bin": move.to_bin or None,
                "quantity": shown(move.quantity),
                "document": move.document,
            }
            for number, move in enumerate(moves, 1)
        ],
        "levels": [
            {
                "sku": each.sku,
                "location": each.location,
                "lot": each.lot or None,
                "bin": each.bin,
                "on_hand": shown(each.on_hand),
                "held": shown(each.held),
                "version": each.version,
            }
            for each in levels
        ],
    }


def level_record(
    levels: Sequence[Level], shard: int, sequence: int, at: str, last: Asked
) -> dict[str, Any]:
    """A few of the levels that a batch left, of one tenant.

    They carry the request id and trace of the last command that touched any of them.
    """
    record = {
        "kind": "levels",
        "shard": shard,
        "sequence": sequence,
        "at": at,
        "tenant_id": last.envelope.tenant_id,
        "request_id": last.envelope.request_id,
        "levels": [_level(level) for level in levels],
    }
    if last.envelope.traceparent:
        record["traceparent"] = last.envelope.traceparent
    return record


def _level(level: Level) -> tuple[str, int, orjson.Fragment]:
    """A level's subject, version and state, as it will be once it is saved."""
    _, sku, location, lot = level.key
    subject = "/".join(("level", *map(_part, (location, sku, lot) if lot else (location, sku))))
    state = {
        "sku": sku,
        "location": location,
        "lot": lot or None,
        "on_hand": shown(level.on_hand),
        "reserved": shown(level.reserved),
        "held": shown(level.held),
        "incoming": shown(level.incoming),
        "available": shown(level.available),
        "version": level.version + 1,
    }
    return subject, level.version + 1, orjson.Fragment(orjson.dumps(state))


def _part(code: str) -> str:
    """A code as part of a subject: with a slash of its own it could be read as two."""
    return quote(code, safe="") if "/" in code or "%" in code else code


def dead_letter_record(
    letter: DeadLetter, sequence: int, at: str, tenant_id: str, prefix: str
) -> dict[str, Any]:
    """A record that no command could be made of, kept whole. Bytes are written as hex."""
    record = letter.record
    module = module_of(record.shard)
    return {
        "kind": "dead_letter",
        "shard": record.shard,
        "sequence": sequence,
        "at": at,
        "tenant_id": tenant_id,
        "letter": {
            "topic": commands_topic(prefix, module),
            "group": consumer_group(prefix, module),
            "offset": record.offset,
            "timestamp": record.timestamp_ms,
            "key": None if record.key is None else record.key.hex(),
            "value": None if record.value is None else record.value.hex(),
            "headers": [
                (name, None if value is None else value.hex())
                for name, value in record.headers or []
            ],
            "reason": letter.why.reason,
            "detail": letter.why.detail,
            "attempts": letter.attempts,
        },
    }
