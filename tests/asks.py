"""Commands for tests, as whoever sends them says them."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from schemas.commands import COMMANDS
from schemas.serials import spelt_out
from schemas.settings import Settings

TENANT = Settings().default_tenant
SOURCES = frozenset(Settings().source_systems)
_keys = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Ask:
    """One command message before it is sent: its headers by name, and its body."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def key(self) -> str:
        return self.headers["Idempotency-Key"]

    @property
    def module(self) -> str:
        return COMMANDS[self.headers["Command-Type"]].MODULE

    @property
    def value(self) -> bytes:
        return json.dumps(self.body).encode()

    @property
    def raw_headers(self) -> list[tuple[str, bytes]]:
        return [(name, value.encode()) for name, value in self.headers.items()]


def ask(kind: str, body: dict[str, Any], key: str | None = None, **headers: str) -> Ask:
    """A command with every header that it needs; `Tenant_Id="x"` adds or replaces one."""
    key = key or f"key-{next(_keys)}"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Ask(
        {
            "Command-Type": kind,
            "Request-Id": f"request-{key}",
            "Idempotency-Key": key,
            "Actor-Id": "ann",
            "Actor-Type": "user",
            "Source-System": "commerce",
            **given,
        },
        body,
    )


def item(sku: str, **fields: Any) -> Ask:
    return ask("item.upsert", {"sku": sku, "name": f"The {sku}", **fields})


def location(code: str, **fields: Any) -> Ask:
    return ask("location.upsert", {"code": code, "name": f"The {code}", **fields})


def record_stock(sku: str, quantity: str, *, at: str = "MAIN", lot: str | None = None) -> Ask:
    body = {"sku": sku, "location": at, "quantity": quantity, "lot": lot, "reason": "count"}
    return ask("stock.record", body)


def lot(code: str, *, sku: str = "B", **dates: str) -> Ask:
    return ask("lot.upsert", {"sku": sku, "lot": code, **dates})


def set_status(code: str, status: str, *, sku: str = "B") -> Ask:
    return ask("lot.set-status", {"sku": sku, "lot": code, "status": status, "reason": "letter 7"})


def correct(from_lot: str, to_lot: str, quantity: str | None = None, *, sku: str = "B") -> Ask:
    lots = {"from_lot": from_lot, "to_lot": to_lot, "quantity": quantity, "reason": "typo"}
    return ask("lot.correct", {"sku": sku, "location": "MAIN", **lots})


def hold(sku: str, quantity: str | None = None, **narrower: str) -> Ask:
    return ask("hold.place", {"sku": sku, "quantity": quantity, "reason": "wet", **narrower})


def give_back(hold_id: str, quantity: str | None = None) -> Ask:
    body = {"hold_id": hold_id, "quantity": quantity, "reason": "dry again"}
    return ask("hold.release", body)


def ship(*lines: tuple[str, str], **fields: str) -> Ask:
    """Items and quantities from MAIN to EAST."""
    unit = fields.pop("unit", None)
    wanted = [{"sku": sku, "quantity": quantity, "unit": unit} for sku, quantity in lines]
    ends = {"from_location": "MAIN", "to_location": "EAST", **fields}
    return ask("transfer.ship", {**ends, "lines": wanted})


def receive(transfer_id: str, *parts: tuple[int, str]) -> Ask:
    lines = [{"line": number, "quantity": quantity} for number, quantity in parts]
    return ask("transfer.receive", {"transfer_id": transfer_id, "lines": lines or None})


def plan(sku: str, kind: str, *, at: str = "MAIN", **words: str) -> Ask:
    body = {"sku": sku, "location": at, "kind": kind, **words}
    return ask("replenishment.set-policy", body)


def observe(sku: str, *, demand: tuple[str, str], lead_time: tuple[str, str]) -> Ask:
    """Mean and deviation of the demand of a day, over 30 days, and of 7 lead times; at MAIN."""
    asked = {"mean": demand[0], "sigma": demand[1], "days": 30, "stock_out_days": 5}
    took = {"mean": lead_time[0], "sigma": lead_time[1], "receipts": 7}
    line = {"sku": sku, "location": "MAIN", "demand": asked, "lead_time": took}
    return ask("replenishment.observe", {"lines": [line]})


def generate(**scope: Any) -> Ask:
    return ask("recommendation.generate", scope)


def close(named: str, outcome: str, **words: str) -> Ask:
    return ask("recommendation.close", {"recommendation_id": named, "outcome": outcome, **words})


def receipt(*lines: tuple[str, str, str | None], **fields: str) -> Ask:
    """Items, quantities and lots into MAIN, each with the fields given."""
    got = [
        {"sku": sku, "location": "MAIN", "quantity": quantity, "lot": lot, **fields}
        for sku, quantity, lot in lines
    ]
    return ask("receipt.post", {"lines": got})


def issue(sku: str, quantity: str, *, to: str = "production", lot: str | None = None) -> Ask:
    lines = [{"sku": sku, "location": "MAIN", "quantity": quantity, "lot": lot}]
    return ask("stock.issue", {"to": to, "lines": lines, "reason_code": "made"})


def open_count(*, at: str = "MAIN", **fields: Any) -> Ask:
    return ask("count.open", {"location": at, **fields})


def count(
    count_id: str, counted_at: str, *lines: tuple[str, str, str | None], **headers: str
) -> Ask:
    """Items, quantities and lots, all counted at one moment."""
    found = [{"sku": sku, "quantity": quantity, "lot": lot} for sku, quantity, lot in lines]
    body = {"count_id": count_id, "counted_at": counted_at, "lines": found}
    return ask("count.record", body, **headers)


def recount(count_id: str, *numbers: int) -> Ask:
    return ask("count.recount", {"count_id": count_id, "lines": list(numbers)})


def approve(count_id: str, actor_id: str = "bob") -> Ask:
    return ask("count.approve", {"count_id": count_id}, Actor_Id=actor_id)


def post_count(count_id: str, **fields: Any) -> Ask:
    return ask("count.post", {"count_id": count_id, **fields})


def units(sku: str, *serials: Any, at: str = "MAIN", quantity: int | None = None) -> dict[str, Any]:
    """A line of units by their serials; ranges as (first, last)."""
    spelt = [{"from": s[0], "to": s[1]} if isinstance(s, tuple) else s for s in serials]
    counted = len(spelt_out(spelt)) if quantity is None else quantity
    return {"sku": sku, "location": at, "quantity": str(counted), "serials": spelt}


def take_in(*lines: dict[str, Any], **fields: Any) -> Ask:
    """Units into stock."""
    return ask("receipt.post", {"lines": list(lines), **fields})


def line(sku: str, quantity: str, *, at: str = "MAIN", lot: str | None = None) -> dict[str, Any]:
    return {"sku": sku, "location": at, "quantity": quantity, "lot": lot}


def reserve(*lines: dict[str, Any], key: str | None = None, **fields: Any) -> Ask:
    return ask("reservation.create", {"order_id": "SO-1", "lines": list(lines), **fields}, key)


def release(reservation_id: str, lines: Any = None, key: str | None = None) -> Ask:
    body = {"reservation_id": reservation_id, "lines": lines, "reason": "changed their mind"}
    return ask("reservation.release", body, key)


def recipe(sku: str, *components: tuple[str, str], **fields: Any) -> Ask:
    named = [{"sku": part, "quantity": quantity} for part, quantity in components]
    return ask("recipe.upsert", {"sku": sku, "components": named, **fields})


def assemble(sku: str, quantity: str, **fields: Any) -> Ask:
    return ask("kit.assemble", {"sku": sku, "location": "MAIN", "quantity": quantity, **fields})


def start(sku: str, quantity: str, **fields: Any) -> Ask:
    body = {"sku": sku, "location": "MAIN", "quantity": quantity, **fields}
    return ask("production.start", body)


def use(production_id: str, *lines: tuple[str, str], **fields: str) -> Ask:
    """Items and quantities, each with the fields given."""
    named = [{"sku": sku, "quantity": quantity, **fields} for sku, quantity in lines]
    return ask("production.consume", {"production_id": production_id, "lines": named})


def produce(production_id: str, quantity: str, lot: str | None = None, **dates: str) -> Ask:
    lines = [{"quantity": quantity, "lot": lot, **dates}]
    return ask("production.produce", {"production_id": production_id, "lines": lines})


def disassemble(sku: str, quantity: str, *parts: tuple[str, str, str | None]) -> Ask:
    """Into components, quantities and lots."""
    found = [{"sku": part, "quantity": whole, "lot": code} for part, whole, code in parts]
    body = {"sku": sku, "location": "MAIN", "quantity": quantity, "components": found}
    return ask("kit.disassemble", body)


def repack(sku: str, quantity: str, *packs: tuple[str, str | None], **fields: Any) -> Ask:
    """Into quantities and lots of the same item."""
    to = [{"quantity": each, "lot": code} for each, code in packs]
    body = {"sku": sku, "location": "MAIN", "quantity": quantity, "to": to, "reason": "r", **fields}
    return ask("lot.repack", body)


def recall(sku: str, code: str) -> Ask:
    return ask("lot.recall", {"sku": sku, "lot": code, "reason": "glass in it"})


def give_in(reservation_id: str, *parts: tuple[int, str, str]) -> Ask:
    """What a customer brings back: lines, quantities and dispositions."""
    lines = [
        {"line": number, "quantity": quantity, "disposition": what}
        for number, quantity, what in parts
    ]
    body = {"reservation_id": reservation_id, "lines": lines, "reason": "too small"}
    return ask("return.receive", body)


PROOF = {"carrier": "DHL", "tracking": "T-1", "shipped_at": "2026-11-21T08:00:00Z"}


def consume(reservation_id: str, lines: Any = None, key: str | None = None) -> Ask:
    body = {"reservation_id": reservation_id, "lines": lines, "shipment_proof": PROOF}
    return ask("reservation.consume", body, key)
