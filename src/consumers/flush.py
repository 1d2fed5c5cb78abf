"""What a batch leaves in the database: numbered, chained, and written with one COPY a table."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from consumers.decide import Decision
from consumers.parse import Asked, DeadLetter
from consumers.record import (
    LEVELS_PER_RECORD,
    command_record,
    dead_letter_record,
    level_record,
)
from ledger import (
    balances,
    bins,
    catalog,
    costs,
    counts,
    dead_letters,
    genealogy,
    holds,
    idempotency,
    items,
    journal,
    lots,
    movements,
    policies,
    productions,
    receipts,
    recipes,
    recommendations,
    replenishments,
    reservations,
    returns,
    serials,
    shards,
    transfers,
)
from ledger.bin_stock import Bin
from ledger.book import Book
from ledger.connection import Transaction
from ledger.costing import CostMethod, Period, Receipt
from ledger.counting import Count, CountLine
from ledger.dead_letters import Letter, Place
from ledger.documents import Document, Hold, Item, Location, Lot, Reservation, Transfer
from ledger.journal import Segment
from ledger.level import Level
from ledger.making import CustomerReturn, Link, Production, Recipe
from ledger.outcome import Applied
from ledger.replenishing import Observation, Recommendation, Replenishment
from ledger.rules import Policy
from ledger.shards import Progress
from ledger.timeline import FIRST_TIMELINE
from producers.repeats import Again
from schemas.dead_letters import read_replays


@dataclass(slots=True)
class Pages:
    """The rows of a batch while they are written up, and the records that go out after it."""

    at: str
    prefix: str
    default_tenant: str
    progress: dict[int, Progress]
    segments: dict[tuple[str, int], Segment]
    records: list[dict[str, Any]] = field(default_factory=list)
    by_identity: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    again: dict[bytes, list[Again]] = field(default_factory=dict)
    """Who asks again in the batch itself. Kept with the record of the first: it is answered when
    that is published, and after a crash again."""
    movements: list[str] = field(default_factory=list)
    costs: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    """Which serials the movements moved."""
    bin_moves: list[str] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def keep(self, record: dict[str, Any]) -> bytes:
        """Put a record at the end of its chain; its journal row."""
        tenant_id, shard, sequence = record["tenant_id"], record["shard"], record["sequence"]
        progress = self.progress[shard]
        if progress.incarnation:
            record["incarnation"] = progress.incarnation
        if progress.timeline > FIRST_TIMELINE:
            record["timeline"] = progress.timeline
        raw = orjson.dumps(record)
        hashed = self.segments[tenant_id, shard].link(sequence, raw)
        self.records.append(record)
        return journal.row(tenant_id, shard, sequence, record["at"], raw, hashed)


def key(asked: Asked, sequence: int, pages: Pages) -> str:
    """The idempotency row of a command, which names the journal row that it will have."""
    envelope = asked.envelope
    return idempotency.row(
        asked.identity,
        envelope.tenant_id,
        asked.fingerprint,
        asked.shard,
        sequence,
        envelope.actor_id,
        pages.at,
    )


def write(tx: Transaction, decisions: Sequence[Decision], book: Book, pages: Pages) -> None:
    """Write a decided batch, all but its keys and its shards' progress."""
    journal.append(tx, _write_up(decisions, book, pages))
    journal.save_segments(tx, pages.segments.values())
    dead_letters.insert(tx, pages.letters)
    movements.append(tx, pages.movements)
    costs.append(tx, pages.costs)
    serials.append_moved(tx, pages.units)
    _write_documents(tx, book)
    balances.save(tx, book.touched.values(), book.rebinned)
    balances.save_limits(tx, book.limited.values())
    serials.save(tx, book.moved_serials.values(), book.named)
    bins.append_moved(tx, pages.bin_moves)
    bins.save_levels(tx, book.shelves.moved.values())


def _write_up(decisions: Sequence[Decision], book: Book, pages: Pages) -> Iterator[bytes]:
    """The batch's journal rows. Postgres takes in the first while the last are being made."""
    level_records, levels_at = _levels(decisions, book, pages)
    for asked, sequence, outcome in decisions:
        if isinstance(asked, DeadLetter):
            tenant_id, prefix = pages.default_tenant, pages.prefix
            pages.letters.append(_letter(asked, sequence, pages))
            yield pages.keep(dead_letter_record(asked, sequence, pages.at, tenant_id, prefix))
        elif outcome is not None:
            record = command_record(asked, outcome, sequence, pages.at, levels_at)
            if asked.identity in pages.again:
                record["again"] = pages.again[asked.identity]
            pages.by_identity[asked.identity] = record
            yield pages.keep(record)
            if isinstance(outcome, Applied):
                _note_rows(asked, sequence, outcome, pages)
    for record in level_records:
        yield pages.keep(record)


def _levels(
    decisions: Sequence[Decision], book: Book, pages: Pages
) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
    """The records of the new levels, behind all commands, and the place of the last of them."""
    if not book.touched:
        return [], None
    by_tenant: dict[str, list[Level]] = {}
    for place, level in book.touched.items():
        by_tenant.setdefault(place.tenant_id, []).append(level)
    last = {
        asked.envelope.tenant_id: asked
        for asked, _, outcome in decisions
        if isinstance(asked, Asked) and isinstance(outcome, Applied)
    }
    shard = min(pages.progress)
    progress = pages.progress[shard]
    records = [
        level_record(part, shard, progress.number(), pages.at, last[tenant_id])
        for tenant_id, levels in by_tenant.items()
        for part in batched(levels, LEVELS_PER_RECORD)
    ]
    return records, (shard, progress.next_sequence - 1)


def batched(levels: Sequence[Level], size: int) -> Iterator[Sequence[Level]]:
    """The levels, a few at a time."""
    return (levels[start : start + size] for start in range(0, len(levels), size))


def _letter(letter: DeadLetter, sequence: int, pages: Pages) -> Letter:
    record, failed_at = letter.record, datetime.fromisoformat(pages.at)
    replays, first_failed_at = read_replays(record.headers)
    return Letter(
        Place(record.shard, sequence),
        pages.default_tenant,
        pages.progress[record.shard].incarnation,
        record.offset,
        dead_letters.key_hash(record.key),
        letter.why.reason,
        replays,
        min(first_failed_at or failed_at, failed_at),
        failed_at,
    )


def _note_rows(asked: Asked, sequence: int, outcome: Applied, pages: Pages) -> None:
    """The rows that stand beside the journal's: what moved, and what was said of costs."""
    if not outcome.movements and not outcome.costs and not outcome.bin_moves:
        return
    place = (asked.envelope.tenant_id, asked.shard, sequence)
    actor_id = asked.envelope.actor_id
    for entry, movement in enumerate(outcome.movements, 1):
        pages.movements.append(movements.row(place, entry, movement, actor_id, pages.at))
        if movement.serials:
            pages.units += serials.moved_rows(place, entry, movement)
    for entry, fact in enumerate(outcome.costs, 1):
        pages.costs.append(costs.row(place, entry, fact, actor_id, pages.at))
    for entry, move in enumerate(outcome.bin_moves, 1):
        pages.bin_moves.append(bins.moved_row(place, entry, move, actor_id, pages.at))


def _write_documents(tx: Transaction, book: Book) -> None:
    """Each kind of document to its table."""
    new: list[str] = []
    changed: list[tuple[Reservation, str]] = []
    others: defaultdict[type[Document], list[tuple[Any, str]]] = defaultdict(list)
    for document, actor_id in book.written.values():
        if not isinstance(document, Reservation):
            others[type(document)].append((document, actor_id))
        elif (document.tenant_id, document.reservation_id) in book.stored:
            changed.append((document, actor_id))
        else:
            new.append(reservations.row(document, actor_id))
    reservations.insert(tx, new)
    reservations.update(tx, changed)
    for kind, save in _SAVED_BY.items():
        save(tx, others[kind])


_SAVED_BY: Final[dict[type[Document], Callable[[Transaction, list[tuple[Any, str]]], None]]] = {
    Item: items.save,
    Location: catalog.save_locations,
    Policy: policies.save,
    Lot: lots.save,
    Hold: holds.save,
    Transfer: transfers.save,
    Count: counts.save,
    CountLine: counts.save_lines,
    Recipe: recipes.save,
    Production: productions.save,
    Link: genealogy.save,
    Receipt: receipts.save,
    CostMethod: costs.save_methods,
    Period: costs.save_periods,
    CustomerReturn: returns.save,
    Replenishment: replenishments.save,
    Observation: replenishments.save_observed,
    Recommendation: recommendations.save,
    Bin: bins.save,
}
"""Documents other than reservations, each with the actor who changed it last; in this order."""


def advance(tx: Transaction, batch: Iterable[Asked | DeadLetter], pages: Pages) -> None:
    """Move each shard behind the last of its records in the batch."""
    for asked in batch:
        record = asked.record
        if record is not None:
            progress = pages.progress[record.shard]
            progress.next_offset = record.offset + 1
            progress.leader_epoch = record.leader_epoch
    shards.advance(tx, pages.progress.values())
