"""What a batch leaves in the database: numbered, chained, and written with one COPY a table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from consumers.decide import Decided
from consumers.parse import Asked, DeadLetter
from consumers.record import command_record, dead_letter_record, level_records
from ledger import balances, catalog, idempotency, journal, movements, reservations, shards
from ledger.book import Applied, Book, Item, Level, Location, Outcome, Reservation
from ledger.connection import Transaction
from ledger.journal import Segment
from ledger.shards import Progress


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
    journal: list[bytes] = field(default_factory=list)
    idempotency: list[str] = field(default_factory=list)
    movements: list[str] = field(default_factory=list)

    def number(self, shard: int) -> int:
        """The next sequence of a shard's journal."""
        progress = self.progress[shard]
        progress.next_sequence += 1
        return progress.next_sequence - 1

    def keep(self, record: dict[str, Any]) -> None:
        """Put a record at the end of its chain."""
        tenant_id, shard, sequence = record["tenant_id"], record["shard"], record["sequence"]
        raw = orjson.dumps(record)
        hashed = self.segments[tenant_id, shard].link(sequence, raw)
        self.journal.append(journal.row(tenant_id, shard, sequence, record["at"], raw, hashed))
        self.records.append(record)


def write(tx: Transaction, decided: Decided, book: Book, pages: Pages) -> None:
    """Write a decided batch, all but its shards' progress."""
    levels_at = _write_up_levels(decided, book, pages)
    for asked, outcome in decided.decisions:
        if isinstance(asked, DeadLetter) or outcome is None:
            _write_up_letter(asked, pages)
        else:
            _write_up(asked, outcome, levels_at, pages)
    journal.append(tx, pages.journal)
    journal.save_segments(tx, pages.segments.values())
    idempotency.insert(tx, pages.idempotency)
    movements.append(tx, pages.movements)
    _write_documents(tx, book)
    balances.save(tx, book.touched.values())


def _write_up_levels(decided: Decided, book: Book, pages: Pages) -> tuple[int, int] | None:
    """The new levels come first: who has read up to a command has then read its levels too."""
    if not book.touched:
        return None
    by_tenant: dict[str, list[Level]] = {}
    for key, level in book.touched.items():
        by_tenant.setdefault(key.tenant_id, []).append(level)
    last = {
        asked.envelope.tenant_id: asked
        for asked, outcome in decided.decisions
        if isinstance(asked, Asked) and isinstance(outcome, Applied)
    }
    shard = min(pages.progress)
    for tenant_id, levels in by_tenant.items():
        start = pages.progress[shard].next_sequence
        for record in level_records(
            levels, shard=shard, sequence=start, at=pages.at, last=last[tenant_id]
        ):
            pages.number(shard)
            pages.keep(record)
    return shard, pages.progress[shard].next_sequence - 1


def _write_up(
    asked: Asked, outcome: Outcome, levels_at: tuple[int, int] | None, pages: Pages
) -> None:
    envelope, shard = asked.envelope, asked.shard
    sequence = pages.number(shard)
    elsewhere = levels_at if levels_at and levels_at[0] != shard else None
    record = command_record(asked, outcome, sequence=sequence, at=pages.at, levels_at=elsewhere)
    pages.keep(record)
    pages.by_identity[asked.identity] = record
    tenant_id, actor_id = envelope.tenant_id, envelope.actor_id
    pages.idempotency.append(
        idempotency.row(
            asked.identity, tenant_id, asked.fingerprint, shard, sequence, actor_id, pages.at
        )
    )
    if isinstance(outcome, Applied):
        place = (tenant_id, shard, sequence)
        for entry, movement in enumerate(outcome.movements, 1):
            pages.movements.append(movements.row(place, entry, movement, actor_id, pages.at))


def _write_up_letter(asked: Asked | DeadLetter, pages: Pages) -> None:
    if not isinstance(asked, DeadLetter):
        raise TypeError("a command without an outcome")
    pages.keep(
        dead_letter_record(
            asked,
            sequence=pages.number(asked.record.shard),
            at=pages.at,
            tenant_id=pages.default_tenant,
            prefix=pages.prefix,
        )
    )


def _write_documents(tx: Transaction, book: Book) -> None:
    """Each kind of document to its table."""
    new: list[str] = []
    changed: list[tuple[Reservation, str]] = []
    items: list[tuple[Item, str]] = []
    locations: list[tuple[Location, str]] = []
    for document, actor_id in book.written.values():
        if isinstance(document, Reservation):
            if (document.tenant_id, document.reservation_id) in book.stored:
                changed.append((document, actor_id))
            else:
                new.append(reservations.row(document, actor_id))
        elif isinstance(document, Item):
            items.append((document, actor_id))
        else:
            locations.append((document, actor_id))
    reservations.insert(tx, new)
    reservations.update(tx, changed)
    catalog.save_items(tx, items)
    catalog.save_locations(tx, locations)


def advance(tx: Transaction, batch: Iterable[Asked | DeadLetter], pages: Pages) -> None:
    """Move each shard behind the last of its records in the batch."""
    for asked in batch:
        record = asked.record if isinstance(asked, DeadLetter) else asked
        if record.offset is not None:
            pages.progress[record.shard].next_offset = record.offset + 1
    shards.advance(tx, pages.progress.values())
