"""Receipts of 10,000 units with serials, against the bare COPY of the very rows that they leave."""

from collections.abc import Iterator
from decimal import Decimal
from statistics import median
from typing import Final

import psycopg

from deploy.bench.cases import Row, Size
from deploy.bench.copied import copied
from deploy.bench.stage import Stage, parts
from deploy.machine.says import say
from producers.commands import Sender
from producers.conversation import Conversation
from schemas.commands.receipts import PostReceipt, ReceivedLine
from schemas.serials import SERIALS_MAX

SENDER: Final = Sender("bench", "service", "inventory-worker")
RECEIPTS_PER_ROUND: Final = 5
_ITEM: Final = """
INSERT INTO item (tenant_id, sku, name, uom, track_by, version, actor_id)
VALUES ('default', 'S', 'Serial', 'each', 'serial', 1, 'bench')
"""
# What a receipt leaves, table by table.
_ROWS: Final = {
    "movement": "SELECT * FROM movement WHERE document = '{}'",
    "serial": "SELECT * FROM serial WHERE document = '{}'",
    "serial_movement": """
SELECT u.* FROM serial_movement u JOIN movement m USING (tenant_id, shard, sequence, entry)
WHERE m.document = '{}'
""",
}


def serials(stage: Stage, size: Size) -> Iterator[Row]:
    """A receipt of 10,000 units: from its sending until its result is heard."""
    settings = stage.case("serials", 1)
    with psycopg.connect(settings.ledger_url, autocommit=True) as connection:
        connection.execute(_ITEM)
    ours: list[float] = []
    bare: list[float] = []
    with parts(stage, settings, [["worker", "receiving"]]):
        said: Conversation[None] = Conversation(settings, SENDER)
        for number in range(-1, size.rounds * RECEIPTS_PER_ROUND):
            receipt, seconds = _received(said, number)
            rows = {table: select.format(receipt) for table, select in _ROWS.items()}
            reference = copied(settings, rows)
            if number >= 0:  # the first warms both up
                ours.append(seconds)
                bare.append(reference)
                say(f"serials: {seconds:.2f} s, bare COPY {reference:.2f} s")
        said.close()
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    yield Row(
        f"seconds for a receipt of {SERIALS_MAX:,} serials",
        _spread(ours),
        f"{_spread(bare)}, COPY of its rows",
        f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})",
    )
    stage.drop(settings)


def _received(said: Conversation[None], number: int) -> tuple[str, float]:
    """The receipt's id, and seconds until its result was heard.

    Raises:
        RuntimeError: it was refused.
    """
    start = (number + 1) * SERIALS_MAX
    ends = {"from": f"SN{start:010}", "to": f"SN{start + SERIALS_MAX - 1:010}"}
    line = ReceivedLine.model_validate(
        {"sku": "S", "location": "MAIN", "quantity": Decimal(SERIALS_MAX), "serials": [ends]}
    )
    said.ask(PostReceipt(lines=[line]), f"serials-{number}", None)
    answer = next(said.rest())
    if answer.result.status != "applied":
        raise RuntimeError(f"the receipt was refused: {answer.result.problem}")
    return str((answer.result.body or {})["receipt_id"]), answer.seconds


def _spread(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
