"""What the journal tells, laid out in temporary tables, to be compared with the ledger's own."""

from datetime import datetime
from typing import Any, Final

import orjson

from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped, optional
from ledger.dead_letters import key_hash
from schemas.dead_letters import read_replays
from schemas.envelope import identity

_TABLES: Final = """
CREATE TEMP TABLE told_row (tenant_id text, shard smallint, sequence bigint, read_offset bigint,
    incarnation smallint);
CREATE TEMP TABLE told_command (tenant_id text, shard smallint, sequence bigint,
    recorded_at timestamptz, identity bytea, actor_id text);
CREATE TEMP TABLE told_movement (tenant_id text, shard smallint, sequence bigint, entry smallint,
    sku text, lot text, serial text, from_account text, to_account text, quantity numeric,
    unit_cost numeric, reason text, document text, actor_id text, moved_at timestamptz);
CREATE TEMP TABLE told_commitment (tenant_id text, sku text, location text, lot text,
    quantity numeric, of text);
CREATE TEMP TABLE told_level (tenant_id text, sku text, location text, lot text, version bigint,
    on_hand numeric, reserved numeric, held numeric, incoming numeric);
CREATE TEMP TABLE told_reservation (tenant_id text, reservation_id text, version bigint,
    order_id text, status text, expires_at timestamptz, lines text, shipments text,
    created_at timestamptz, actor_id text, choices text);
CREATE TEMP TABLE told_item (tenant_id text, sku text, version bigint, name text, uom text,
    track_by text, barcode text, actor_id text);
CREATE TEMP TABLE told_location (tenant_id text, code text, version bigint, name text,
    time_zone text, actor_id text);
CREATE TEMP TABLE told_lot (tenant_id text, sku text, lot text, version bigint, status text,
    reason text, expires_on date, best_before_on date, remove_on date, alert_on date, actor_id text);
CREATE TEMP TABLE told_hold (tenant_id text, hold_id text, version bigint, sku text, status text,
    reason text, lines text, created_at timestamptz, actor_id text);
CREATE TEMP TABLE told_transfer (tenant_id text, transfer_id text, version bigint,
    from_location text, to_location text, status text, reference text, reason text, lines text,
    created_at timestamptz, actor_id text);
CREATE TEMP TABLE told_letter (tenant_id text, shard smallint, sequence bigint, incarnation smallint,
    record_offset bigint, key_hash bytea, reason text, replays smallint,
    first_failed_at timestamptz, failed_at timestamptz);
"""
NAMES: Final = (
    "told_row",
    "told_command",
    "told_movement",
    "told_commitment",
    "told_level",
    "told_reservation",
    "told_item",
    "told_location",
    "told_lot",
    "told_hold",
    "told_transfer",
    "told_letter",
)


def create(tx: Transaction) -> None:
    """Make the temporary tables, of which each session has its own."""
    tx.execute(_TABLES.encode())


def finish(tx: Transaction) -> None:
    """Let the planner know what is in them."""
    for name in NAMES:
        tx.execute(f"ANALYZE {name}".encode())


class Told:
    """Some records of the journal, taken apart into rows."""

    def __init__(self) -> None:
        self._rows: dict[str, list[str]] = {name: [] for name in NAMES}
        self._documents = {
            "reservation": self._take_reservation,
            "item": self._take_item,
            "location": self._take_location,
            "lot": self._take_lot,
            "receipt": self._take_receipt,
            "hold": self._take_hold,
            "transfer": self._take_transfer,
        }

    def take(self, record: dict[str, Any]) -> None:
        """Add what a record tells."""
        kind = record["kind"]
        offset = record["letter"]["offset"] if kind == "dead_letter" else record.get("offset")
        place = (record["tenant_id"], str(record["shard"]), str(record["sequence"]))
        self._add("told_row", *place, _shown(offset), str(record.get("incarnation", 0)))
        if kind == "command":
            self._take_command(record, place)
        elif kind == "levels":
            for _, version, level in record["levels"]:
                self._take_level(record["tenant_id"], version, level)
        else:
            self._take_letter(record, place)

    def take_place(self, tenant_id: str, shard: int, sequence: int) -> None:
        """Add that a row stands there, of a record that is not to be believed."""
        self._add("told_row", tenant_id, str(shard), str(sequence), _shown(None), "0")

    def write(self, tx: Transaction) -> None:
        """Put the rows into their tables."""
        for name, rows in self._rows.items():
            copy_rows(tx, f"COPY {name} FROM STDIN", rows)

    def _add(self, table: str, *values: str) -> None:
        self._rows[table].append("\t".join(values))

    def _take_command(self, record: dict[str, Any], place: tuple[str, str, str]) -> None:
        tenant_id, actor_id, at = place[0], escaped(record["actor_id"]), record["at"]
        own = record["offset"] is None
        named = identity(tenant_id, record["source_system"], record["idempotency_key"], own=own)
        self._add("told_command", *place, at, f"\\\\x{named.hex()}", actor_id)
        for movement in record.get("movements", ()):
            self._take_movement(movement, place, actor_id, at)
        for sku, location, lot, quantity, *of in record.get("commitments", ()):
            names = (escaped(sku), escaped(location), escaped(lot))
            self._add("told_commitment", tenant_id, *names, quantity, *(of or ["reserved"]))
        if record["status"] == "applied":
            take = self._documents.get(record["resource"]["type"])
            if take is not None:
                take(tenant_id, record["body"], actor_id)

    def _take_movement(
        self, movement: dict[str, Any], place: tuple[str, str, str], actor_id: str, at: str
    ) -> None:
        self._add(
            "told_movement",
            *place,
            str(movement["entry"]),
            escaped(movement["sku"]),
            escaped(movement["lot"] or ""),
            escaped(movement["serial"] or ""),
            escaped(movement["from_account"]),
            escaped(movement["to_account"]),
            movement["quantity"],
            optional(movement["unit_cost"]),
            escaped(movement["reason"]),
            escaped(movement["document"]),
            actor_id,
            at,
        )

    def _take_level(self, tenant_id: str, version: int, level: dict[str, Any]) -> None:
        names = (escaped(level["sku"]), escaped(level["location"]), escaped(level["lot"] or ""))
        numbers = (level["on_hand"], level["reserved"], level["held"], level["incoming"])
        self._add("told_level", tenant_id, *names, str(version), *numbers)

    def _take_reservation(self, tenant_id: str, body: dict[str, Any], actor_id: str) -> None:
        """A reservation as its table keeps it: lines without the names of their fields."""
        lines = [list({**line, "lot": line["lot"] or ""}.values()) for line in body["lines"]]
        self._add(
            "told_reservation",
            tenant_id,
            body["reservation_id"],
            str(body["version"]),
            escaped(body["order_id"]),
            body["status"],
            optional(body["expires_at"]),
            escaped(orjson.dumps(lines).decode()),
            escaped(orjson.dumps(body["shipments"]).decode()),
            body["created_at"],
            actor_id,
            optional(orjson.dumps(body["choices"]).decode() if "choices" in body else None),
        )

    def _take_item(self, tenant_id: str, body: dict[str, Any], actor_id: str) -> None:
        self._add(
            "told_item",
            tenant_id,
            escaped(body["sku"]),
            str(body["version"]),
            escaped(body["name"]),
            escaped(body["uom"]),
            body["track_by"],
            optional(body["barcode"]),
            actor_id,
        )

    def _take_location(self, tenant_id: str, body: dict[str, Any], actor_id: str) -> None:
        names = (escaped(body["code"]), str(body["version"]), escaped(body["name"]))
        self._add("told_location", tenant_id, *names, body.get("time_zone", "UTC"), actor_id)

    def _take_lot(self, tenant_id: str, body: dict[str, Any], actor_id: str) -> None:
        days = (body[f"{name}_on"] for name in ("expires", "best_before", "remove", "alert"))
        self._add(
            "told_lot",
            tenant_id,
            escaped(body["sku"]),
            escaped(body["lot"]),
            str(body["version"]),
            body["status"],
            optional(body["reason"]),
            *map(optional, days),
            actor_id,
        )

    def _take_receipt(self, tenant_id: str, body: dict[str, Any], actor_id: str) -> None:
        """A receipt keeps no row of its own, but describes lots."""
        for lot in body["lots"]:
            self._take_lot(tenant_id, lot, actor_id)

    def _take_hold(self, tenant_id: str, body: dict[str, Any], actor_id: str) -> None:
        """A hold as its table keeps it: lines without the names of their fields."""
        lines = [list({**line, "lot": line["lot"] or ""}.values()) for line in body["lines"]]
        self._add(
            "told_hold",
            tenant_id,
            body["hold_id"],
            str(body["version"]),
            escaped(body["sku"]),
            body["status"],
            escaped(body["reason"]),
            escaped(orjson.dumps(lines).decode()),
            body["created_at"],
            actor_id,
        )

    def _take_transfer(self, tenant_id: str, body: dict[str, Any], actor_id: str) -> None:
        """A transfer as its table keeps it: lines without the names of their fields."""
        lines = [list({**line, "lot": line["lot"] or ""}.values()) for line in body["lines"]]
        self._add(
            "told_transfer",
            tenant_id,
            body["transfer_id"],
            str(body["version"]),
            escaped(body["from_location"]),
            escaped(body["to_location"]),
            body["status"],
            *(optional(body[name]) for name in ("reference", "reason")),
            escaped(orjson.dumps(lines).decode()),
            body["created_at"],
            actor_id,
        )

    def _take_letter(self, record: dict[str, Any], place: tuple[str, str, str]) -> None:
        letter, failed_at = record["letter"], datetime.fromisoformat(record["at"])
        headers = [
            (name, None if value is None else bytes.fromhex(value))
            for name, value in letter["headers"]
        ]
        replays, first_failed_at = read_replays(headers)
        key = None if letter["key"] is None else key_hash(bytes.fromhex(letter["key"]))
        self._add(
            "told_letter",
            *place,
            str(record.get("incarnation", 0)),
            str(letter["offset"]),
            "\\N" if key is None else f"\\\\x{key.hex()}",
            letter["reason"],
            str(replays),
            min(first_failed_at or failed_at, failed_at).isoformat(),
            record["at"],
        )


def _shown(offset: int | None) -> str:
    return "\\N" if offset is None else str(offset)
