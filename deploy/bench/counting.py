"""A count of twenty thousand lines, recorded and posted by a worker, against a bare COPY of its rows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any, Final

from deploy.bench.cases import Row, Size, spread
from deploy.bench.copied import copied
from deploy.bench.stage import Stage, parts
from deploy.machine.says import say
from ledger.connection import connect, now
from producers.commands import Sender
from producers.conversation import Conversation
from schemas.commands import Command
from schemas.commands.counts import COUNT_LINES_MAX, CountedLine, OpenCount, PostCount, RecordCount
from schemas.settings import Settings

IN_STOCK: Final = 100_000_000
"""Of each item, by `fill_catalog`; every round finds one more than the books, which then agree."""
SENDER: Final = Sender("bench", "service", "inventory-worker")


@dataclass(frozen=True, slots=True)
class Counted:
    """One count: its id, and how long its recording and its posting took."""

    count_id: str
    record_seconds: float
    post_seconds: float


def count(stage: Stage, size: Size) -> Iterator[Row]:
    """Each line has a variance. The clocks run from the sending of a command to its result."""
    settings = stage.case("count", COUNT_LINES_MAX)
    recorded: list[float] = []
    posted: list[float] = []
    references: list[float] = []
    with parts(stage, settings, [["worker", "counting"]]):
        talk: Conversation[None] = Conversation(settings, SENDER)
        for number in range(size.rounds + 1):
            found = _count(settings, talk, number)
            rows = {table: select.format(found.count_id) for table, select in _ROWS.items()}
            reference = copied(settings, rows)
            if number == 0:
                continue  # the first one warms the worker and the database up
            recorded.append(COUNT_LINES_MAX / found.record_seconds)
            posted.append(COUNT_LINES_MAX / found.post_seconds)
            references.append(COUNT_LINES_MAX / reference)
            say(f"count: posted in {found.post_seconds:.2f} s, copied in {reference:.2f} s")
        talk.close()
    for what, rates in (("posted", posted), ("recorded", recorded)):
        ratio = median(ours / bare for ours, bare in zip(rates, references, strict=True))
        yield Row(
            f"a count of {COUNT_LINES_MAX:,} lines {what}, lines a second",
            spread(rates),
            f"{spread(references)}, bare COPY of all of its rows",
            f"{ratio:.2f}",
        )
    stage.drop(settings)


def _count(settings: Settings, talk: Conversation[None], number: int) -> Counted:
    """Open a count, record it, and post it."""
    opened, _ = _answered(talk, OpenCount(location="MAIN"), f"open-{number}")
    named = opened["count_id"]
    with connect(settings.ledger_url, "stockyard bench") as session:
        counted_at = now(session)
    lines = [
        CountedLine(sku=f"I{item}", quantity=Decimal(IN_STOCK + number + 1))
        for item in range(1, COUNT_LINES_MAX + 1)
    ]
    record = RecordCount(count_id=named, counted_at=counted_at, lines=lines)
    _, record_seconds = _answered(talk, record, f"record-{number}")
    body, post_seconds = _answered(talk, PostCount(count_id=named), f"post-{number}")
    if body["adjusted"] != COUNT_LINES_MAX:
        raise RuntimeError(f"{body['adjusted']} of {COUNT_LINES_MAX} lines were posted")
    return Counted(named, record_seconds, post_seconds)


def _answered(talk: Conversation[None], command: Command, key: str) -> tuple[dict[str, Any], float]:
    """A command's body once it is applied, and the seconds until then."""
    began = time.monotonic()
    talk.ask(command, key, None)
    (answer,) = talk.rest()
    if answer.result.body is None:
        raise RuntimeError(f"{key} was refused: {answer.result.problem}")
    return answer.result.body, time.monotonic() - began


_JOURNAL: Final = """
SELECT j.* FROM journal j JOIN movement m USING (tenant_id, shard)
WHERE m.document = '{}' AND m.entry = 1 AND j.sequence >= m.sequence
"""
# What the recording and the posting of a count have written, table by table.
_ROWS: Final = {
    "movement": "SELECT * FROM movement WHERE document = '{}'",
    "count_line": "SELECT * FROM count_line WHERE count_id = '{}'",
    "balance": "SELECT * FROM balance",
    "journal": _JOURNAL,
}
