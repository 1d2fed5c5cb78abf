"""What the journal tells, laid out in temporary tables, to be compared with the ledger's own."""

from datetime import datetime
from typing import Any, Final

from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped, optional
from ledger.dead_letters import key_hash
from ledger.serial_unit import ACCOUNTS
from ledger.verify.documents import KINDS, told_of
from schemas.dead_letters import read_replays
from schemas.envelope import identity
from schemas.serials import spelt_out

_TABLES: Final = """
CREATE TEMP TABLE told_row (tenant_id text, shard smallint, sequence bigint, read_offset bigint,
    incarnation smallint);
CREATE TEMP TABLE told_command (tenant_id text, shard smallint, sequence bigint,
    recorded_at timestamptz, identity bytea, actor_id text);
CREATE TEMP TABLE told_movement (tenant_id text, shard smallint, sequence bigint, entry smallint,
    sku text, lot text, serial text, from_account text, to_account text, quantity numeric,
    unit_cost numeric, reason text, document text, actor_id text, moved_at timestamptz,
    effective_at timestamptz);
CREATE TEMP TABLE told_cost (LIKE cost_fact);
CREATE TEMP TABLE told_unit (tenant_id text, shard smallint, sequence bigint, entry smallint,
    sku text, serial text);
CREATE TEMP TABLE told_serial (tenant_id text, shard smallint, sequence bigint, sku text,
    serial text, account text, document text, reservation_id text, version bigint);
CREATE TEMP TABLE told_bin_move (tenant_id text, shard smallint, sequence bigint, entry smallint,
    sku text, location text, lot text, from_bin text, to_bin text, quantity numeric, document text,
    actor_id text, moved_at timestamptz);
CREATE TEMP TABLE told_bin_level (tenant_id text, sku text, location text, lot text, bin text,
    on_hand numeric, held numeric, version bigint);
CREATE TEMP TABLE told_commitment (tenant_id text, sku text, location text, lot text,
    quantity numeric, of text);
CREATE TEMP TABLE told_level (tenant_id text, sku text, location text, lot text, version bigint,
    on_hand numeric, reserved numeric, held numeric, incoming numeric, told_at timestamptz);
CREATE TEMP TABLE told_count_line (tenant_id text, count_id text, line int, attempt smallint,
    sku text, lot text, counted numeric, counted_at timestamptz, counted_by text, expected numeric,
    level_version bigint, version smallint);
CREATE TEMP TABLE told_letter (tenant_id text, shard smallint, sequence bigint, incarnation smallint,
    record_offset bigint, key_hash bytea, reason text, replays smallint,
    first_failed_at timestamptz, failed_at timestamptz);
"""
_NAMES: Final = (
    "told_row",
    "told_command",
    "told_movement",
    "told_cost",
    "told_unit",
    "told_serial",
    "told_bin_move",
    "told_bin_level",
    "told_commitment",
    "told_level",
    "told_count_line",
    *(f"told_{kind.table}" for kind in KINDS),
    "told_letter",
)


def create(tx: Transaction) -> None:
    """Make the temporary tables, of which each session has its own."""
    tx.execute(_TABLES.encode())
    for kind in KINDS:
        tx.execute(kind.declared.encode())


def finish(tx: Transaction) -> None:
    """Let the planner know what is in them."""
    for name in _NAMES:
        tx.execute(f"ANALYZE {name}".encode())


class Told:
    """Some records of the journal, taken apart into rows."""

    def __init__(self) -> None:
        self._rows: dict[str, list[str]] = {name: [] for name in _NAMES}

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
                self._take_level(record["tenant_id"], version, level, record["at"])
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
        for fact in record.get("costs", ()):
            self._take_cost(fact, place, actor_id, at)
        for change in record.get("serials", ()):
            self._take_serials(change, place)
        if "bins" in record:
            self._take_bins(record["bins"], place, actor_id, at)
        for sku, location, lot, quantity, *of in record.get("commitments", ()):
            names = (escaped(sku), escaped(location), escaped(lot))
            self._add("told_commitment", tenant_id, *names, quantity, *(of or ["reserved"]))
        if record["status"] == "applied":
            events = record["events"]
            for kind, body in told_of(record["resource"]["type"], record["body"], events):
                self._add(f"told_{kind.table}", *kind.row(tenant_id, body, actor_id))
            for what, _, _, data in events:
                if what == "count.lines.changed":
                    self._take_count_lines(tenant_id, data)

    def _take_movement(
        self, movement: dict[str, Any], place: tuple[str, str, str], actor_id: str, at: str
    ) -> None:
        item = escaped(movement["sku"])
        entry = str(movement["entry"])
        self._add(
            "told_movement",
            *place,
            entry,
            item,
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
            optional(movement.get("effective_at")),
        )
        for serial in spelt_out(movement.get("serials", [])):
            self._add("told_unit", *place, entry, item, escaped(serial))

    def _take_cost(
        self, fact: dict[str, Any], place: tuple[str, str, str], actor_id: str, at: str
    ) -> None:
        """A fact as its table keeps it: what the record leaves out is empty, or null."""
        self._add(
            "told_cost",
            *place,
            str(fact["entry"]),
            escaped(fact["sku"]),
            fact["kind"],
            fact.get("from_account", ""),
            escaped(fact.get("location", "")),
            optional(fact.get("unit_cost")),
            optional(fact.get("amount")),
            escaped(fact.get("document", "")),
            str(fact.get("line", 0)),
            optional(fact.get("method")),
            fact.get("effective_at", at),
            actor_id,
            at,
        )

    def _take_serials(self, change: dict[str, Any], place: tuple[str, str, str]) -> None:
        account = change["location"] or ACCOUNTS[change["status"]]
        state = (account, change["document"], change["reservation_id"])
        versions = (v for times, version in change["versions"] for v in [version] * times)
        sku, said = escaped(change["sku"]), tuple(map(optional, state))
        for serial, version in zip(spelt_out(change["serials"]), versions, strict=True):
            self._add("told_serial", *place, sku, escaped(serial), *said, str(version))

    def _take_bins(
        self, changed: dict[str, Any], place: tuple[str, str, str], actor_id: str, at: str
    ) -> None:
        for move in changed["moves"]:
            level = (escaped(move["sku"]), escaped(move["location"]), escaped(move["lot"] or ""))
            ends = (escaped(move["from_bin"] or ""), escaped(move["to_bin"] or ""))
            said = (move["quantity"], escaped(move["document"]), actor_id, at)
            self._add("told_bin_move", *place, str(move["entry"]), *level, *ends, *said)
        for each in changed["levels"]:
            level = (escaped(each["sku"]), escaped(each["location"]), escaped(each["lot"] or ""))
            state = (each["on_hand"], each["held"], str(each["version"]))
            self._add("told_bin_level", place[0], *level, escaped(each["bin"]), *state)

    def _take_count_lines(self, tenant_id: str, told: dict[str, Any]) -> None:
        for line in told["lines"]:
            version = line["level_version"]
            self._add(
                "told_count_line",
                tenant_id,
                escaped(told["count_id"]),
                str(line["line"]),
                str(line["attempt"]),
                escaped(line["sku"]),
                escaped(line["lot"] or ""),
                optional(line["counted"]),
                optional(line["counted_at"]),
                optional(line["counted_by"]),
                optional(line["expected"]),
                _shown(version),
                str(line["version"]),
            )

    def _take_level(self, tenant_id: str, version: int, level: dict[str, Any], at: str) -> None:
        names = (escaped(level["sku"]), escaped(level["location"]), escaped(level["lot"] or ""))
        numbers = (level["on_hand"], level["reserved"], level["held"], level["incoming"])
        self._add("told_level", tenant_id, *names, str(version), *numbers, at)

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
