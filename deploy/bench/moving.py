"""Receipts with lots, and transfers of them, against a bare COPY of all the rows that they leave."""

import time
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Final

import psycopg

from deploy.bench.cases import Row, Size, spread
from deploy.bench.copied import copied
from deploy.bench.stage import Stage, parts
from deploy.machine.says import say
from ledger.connection import connect, now
from producers.commands import Sender
from producers.conversation import Conversation
from schemas.commands import Command
from schemas.commands.receipts import PostReceipt, ReceivedLine
from schemas.commands.transfers import ShippedLine, ShipTransfer
from schemas.settings import Settings

SENDER: Final = Sender("bench", "service", "inventory-worker")
ITEMS: Final = 1_000
COMMANDS: Final = 2_000
LINES: Final = 20
_CATALOG: Final = """
INSERT INTO item (tenant_id, sku, name, uom, track_by, version, actor_id)
SELECT 'default', 'B' || n, 'Batch', 'each', 'batch', 1, 'bench' FROM generate_series(0, %s) n;
"""
_EAST: Final = """
INSERT INTO location (tenant_id, code, name, version, actor_id)
VALUES ('default', 'EAST', 'East', 1, 'bench')
"""
_SINCE: Final = {
    "movement": "SELECT * FROM movement WHERE moved_at > '{0}'",
    "journal": "SELECT * FROM journal WHERE recorded_at > '{0}'",
    "idempotency": "SELECT * FROM idempotency WHERE applied_at > '{0}'",
    "balance": "SELECT * FROM balance WHERE lot LIKE '{1}-%'",
}
RECEIVED: Final = _SINCE | {
    "receipt": "SELECT * FROM receipt WHERE created_at > '{0}'",
    "lot": "SELECT * FROM lot WHERE lot LIKE '{1}-%'",
}
SENT: Final = _SINCE | {"transfer": "SELECT * FROM transfer WHERE created_at > '{0}'"}


def receipts(stage: Stage, size: Size) -> Iterator[Row]:
    """Lines of receipts, each a lot of its own with its last day; then transfers of those lots."""
    settings = stage.case("receipts", 1)
    with psycopg.connect(settings.ledger_url, autocommit=True) as connection:
        connection.execute(_CATALOG, [ITEMS])
        connection.execute(_EAST)
    found: dict[str, list[tuple[float, float]]] = {"received": [], "transferred": []}
    with parts(stage, settings, [["worker", "receiving"], ["worker", "transfers"]]):
        said: Conversation[None] = Conversation(settings, SENDER, under_way_max=COMMANDS)
        for number in range(-1, size.rounds):
            lot = f"R{number + 1}"
            for what, commands, rows in (
                ("received", _receipts(lot), RECEIVED),
                ("transferred", _transfers(lot), SENT),
            ):
                rates = _measured(settings, said, list(commands), what, (lot, rows))
                if number >= 0:  # the first warms the workers up
                    found[what].append(rates)
                    say(f"{what}: {rates[0]:,.0f} lines a second, bare COPY {rates[1]:,.0f}")
        said.close()
    for what, both in found.items():
        ours, bare = [each[0] for each in both], [each[1] for each in both]
        ratio = median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
        yield Row(
            f"lines with lots {what}, {LINES} a command, a second",
            spread(ours),
            f"{spread(bare)}, bare COPY of all of their rows",
            f"{ratio:.2f}",
        )
    stage.drop(settings)


def _receipts(lot: str) -> Iterator[Command]:
    for number in range(COMMANDS):
        lines = [
            ReceivedLine.model_validate(
                {
                    "sku": f"B{(number * LINES + line) % ITEMS}",
                    "location": "MAIN",
                    "quantity": Decimal(8),
                    "lot": f"{lot}-{number}",
                    "expires_on": date(2999, 12, 31),
                }
            )
            for line in range(LINES)
        ]
        yield PostReceipt(lines=lines)


def _transfers(lot: str) -> Iterator[Command]:
    for number in range(COMMANDS):
        lines = [
            ShippedLine(
                sku=f"B{(number * LINES + line) % ITEMS}",
                quantity=Decimal(3),
                lot=f"{lot}-{number}",
            )
            for line in range(LINES)
        ]
        yield ShipTransfer(from_location="MAIN", to_location="EAST", lines=lines)


def _measured(
    settings: Settings,
    said: Conversation[None],
    commands: Iterable[Command],
    what: str,
    written: tuple[str, dict[str, str]],
) -> tuple[float, float]:
    """Lines a second, from the first command's sending to the last one's result; and of the COPY.

    Raises:
        RuntimeError: a command was refused.
    """
    lot, rows = written
    with connect(settings.ledger_url, "stockyard bench") as session:
        since = now(session)
    began = time.monotonic()
    for number, command in enumerate(commands):
        said.ask(command, f"{what}-{lot}-{number}", None)
    for answer in said.rest():
        if answer.result.status != "applied":
            raise RuntimeError(f"refused: {answer.result.problem}")
    took = time.monotonic() - began
    selects = {table: select.format(since.isoformat(), lot) for table, select in rows.items()}
    return COMMANDS * LINES / took, COMMANDS * LINES / copied(settings, selects)
