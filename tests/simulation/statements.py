"""What each statement of `ledger`'s tables does to rows in memory: the answers of `store.Store`.

A statement that changes its columns fails here by name, and one that is new has no answer: then
this file follows it.
"""
# ruff: noqa: SLF001  # the statements are known by the names that their files have for them

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger import (
    balances,
    catalog,
    counts,
    dead_letters,
    idempotency,
    items,
    journal,
    lots,
    movements,
    policies,
    publication,
    reservations,
    shards,
)
from ledger.timeline import FIRST_TIMELINE
from simulation.rows import binary, copied, rows_of
from simulation.stock import (
    copy_movements,
    copy_reservations,
    found_in,
    insert_balances,
    lock_balances,
    lock_due,
    lock_reservations,
    update_balances,
    update_reservations,
)
from simulation.store import Found, Row, Session

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=publication.LEASE_SECONDS)


def now(session: Session) -> datetime:
    return EPOCH + timedelta(seconds=session.store.turns.now)


# Shards and their publication.


def lock_shards(session: Session, values: Any) -> list[Row]:
    found = []
    for shard in sorted(values[0]):
        if session.get("shard", (shard,)) is None:
            continue
        session.lock("shard", (shard,))
        _, offset, sequence, _, incarnation, epoch = session.get("shard", (shard,))
        found.append((shard, offset, sequence, offset, incarnation, FIRST_TIMELINE, epoch))
    return found


def advance_shards(session: Session, values: Any) -> Found:
    changed = 0
    for shard, stood, offset, sequence, epoch in zip(*values, strict=True):
        session.lock("shard", (shard,))
        row = session.get("shard", (shard,))
        if row[1] == stood:
            session.put("shard", (shard,), (shard, offset, sequence, *row[3:5], epoch))
            changed += 1
    return Found(changed=changed)


def create_shards(session: Session, values: Any) -> Found:
    for shard in values[0]:
        if session.get("shard", (shard,)) is None:
            session.lock("shard", (shard,))
            if session.get("shard", (shard,)) is None:
                session.put("shard", (shard,), (shard, 0, 1, None, 0, None))
    return Found()


def create_publications(session: Session, values: Any) -> Found:
    for shard in values[0]:
        if session.get("publication", (shard,)) is None:
            session.lock("publication", (shard,))
            if session.get("publication", (shard,)) is None:
                session.put("publication", (shard,), (shard, 0, "", 0, EPOCH - LEASE))
    return Found()


def positions(session: Session, values: Any) -> list[Row]:
    rows = [session.get("shard", (shard,)) for shard in values[0]]
    return [(row[0], row[1], row[3], row[5], row[4]) for row in rows if row]


def next_sequences(session: Session, values: Any) -> list[Row]:
    return [(shard, session.get("shard", (shard,))[2]) for shard in values[0]]


def bind(session: Session, values: Any) -> Found:
    topic_id, numbers = values
    for shard in numbers:
        session.lock("shard", (shard,))
        row = session.get("shard", (shard,))
        if row[3] is None:
            session.put("shard", (shard,), (*row[:3], topic_id, *row[4:]))
    return Found()


def _lease(session: Session, shard: int, owner: str) -> Row:
    _, up_to, _, epoch, _ = session.get("publication", (shard,))
    row = (shard, up_to, owner, epoch + 1, now(session) + LEASE)
    session.put("publication", (shard,), row)
    return shard, epoch + 1, up_to


def take(session: Session, values: Any) -> list[Row]:
    owner, _, numbers = values
    for shard in numbers:
        session.lock("publication", (shard,))
    return [_lease(session, shard, owner) for shard in numbers]


def take_free(session: Session, values: Any) -> list[Row]:
    found = []
    for (shard,), row in sorted(session.store.tables["publication"].items()):
        waiting = session.get("shard", (shard,))[2] - 1 > row[1]
        if waiting and (row[4] < now(session) or row[2] == values["owner"]):
            session.lock("publication", (shard,))
            locked = session.get("publication", (shard,))
            if locked[4] < now(session) or locked[2] == values["owner"]:
                found.append(_lease(session, shard, values["owner"]))
    return found


def mark(session: Session, values: Any) -> list[Row]:
    kept = []
    for shard, epoch, up_to in zip(*values[1:], strict=True):
        session.lock("publication", (shard,))
        row = session.get("publication", (shard,))
        if row[3] == epoch:
            fresh = (shard, max(row[1], up_to), row[2], epoch, now(session) + LEASE)
            session.put("publication", (shard,), fresh)
            kept.append((shard,))
    return kept


# What was asked before, and what came of it.


def find_keys(session: Session, values: Any) -> list[Row]:
    found = []
    for tenant_id, named in rows_of(values):
        row = session.store.tables["idempotency"].get((tenant_id, binary(named)))
        if row:
            found.append(row)
    return found


def copy_keys(session: Session, lines: list[str]) -> None:
    for line in lines:
        named, tenant_id, fingerprint, shard, sequence, *_ = copied(line)
        key = binary(named)
        row = (key, binary(fingerprint), int(shard), int(sequence))
        session.add("idempotency", (tenant_id, key), row)


def copy_journal(session: Session, lines: list[str]) -> None:
    for line in lines:
        tenant_id, shard, sequence, at, record, hashed = copied(line)
        key = (tenant_id, int(shard), int(sequence))
        session.add("journal", key, (*key, record, binary(hashed), at))


def heads(session: Session, values: Any) -> list[Row]:
    keys = [(tenant_id, shard) for tenant_id in values[0] for shard in values[1]]
    return [row for key in keys if (row := session.get("segment", key))]


def save_heads(session: Session, values: Any) -> Found:
    for row in zip(*values, strict=True):
        session.lock("segment", row[:2])
        session.put("segment", row[:2], row)
    return Found()


def journal_after(session: Session, values: Any) -> list[Row]:
    shard, after = values["shard"], values["after"]
    rows = [
        row[:4]
        for key, row in session.store.tables["journal"].items()
        if key[1] == shard and key[2] > after
    ]
    return sorted(rows, key=lambda row: row[2])[: values["limit"]]


def journal_at(session: Session, values: Any) -> list[Row]:
    keys = zip(*values, strict=True)
    return [row[:4] for key in keys if (row := session.get("journal", key))]


def insert_dead_letters(session: Session, values: Any) -> Found:
    for row in zip(*values, strict=True):
        session.add("dead_letter", row[:2], row)
    return Found()


def offsets_of_dead_letters(session: Session, values: Any) -> list[Row]:
    looked = {shard: behind for shard, _, behind in zip(*values, strict=True)}
    rows = session.store.tables["dead_letter"].values()
    return sorted((row[0], row[4]) for row in rows if row[4] > looked.get(row[0], row[4]))


ANSWERS: dict[str, Callable[[Session, Any], Any]] = {
    shards._LOCK: lock_shards,
    "SELECT clock_timestamp()": lambda session, _: [(now(session),)],
    shards._ADVANCE: advance_shards,
    shards._CREATE: create_shards,
    shards._CREATE_PUBLICATION: create_publications,
    shards._POSITIONS: positions,
    shards._NEXT_SEQUENCES: next_sequences,
    shards._BIND: bind,
    publication._TAKE: take,
    publication._TAKE_FREE: take_free,
    publication._MARK: mark,
    "SET LOCAL synchronous_commit = off": lambda *_: Found(),
    idempotency._FIND: find_keys,
    idempotency._PAGES: lambda *_: [(0,)],
    dead_letters._INSERT: insert_dead_letters,
    dead_letters._OFFSETS: offsets_of_dead_letters,
    journal._HEADS: heads,
    journal._SAVE_HEADS: save_heads,
    journal._AFTER: journal_after,
    journal._AT: journal_at,
    balances._LOCK: lock_balances,
    balances._LOCK_SOME: lambda session, values: lock_balances(session, values[:3]),  # and more
    balances._UPDATE: update_balances,
    balances._INSERT: insert_balances,
    balances._OTHERWISE: lambda *_: [],  # nobody sets a policy
    policies._AT_PLACES: lambda *_: [],
    reservations._LOCK: lock_reservations,
    reservations._DUE: lock_due,
    reservations._UPDATE: update_reservations,
    items._ITEMS: found_in("item"),
    counts._FROZEN: lambda *_: [],  # nobody counts
    lots._LOTS: lambda *_: [],  # nobody describes any
    catalog._LOCATIONS: found_in("location"),
}
COPIES: dict[str, Callable[[Session, list[str]], None]] = {
    idempotency._COPY: copy_keys,
    journal._COPY: copy_journal,
    movements._COPY: copy_movements,
    reservations._COPY: copy_reservations,
}
