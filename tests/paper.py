"""A book on paper: what decisions are made over, without any database."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from asks import TENANT
from consumers.decisions import all as registered
from consumers.decisions.carrying import follow
from consumers.decisions.registry import DECIDERS, Ask
from ledger.book import Book
from ledger.documents import Item, Location
from ledger.level import Level, LevelKey
from ledger.outcome import Outcome
from schemas.commands import Command
from schemas.commands.lots import UpsertLot
from schemas.times import stamp

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ASK = Ask(TENANT, "ann", "0201")
__all__ = ["registered"]


def book(*levels: tuple[str, str, str, str]) -> Book:
    """A, B (by lot), S (by serial), MAIN, EAST; `levels` are (item, lot, on hand, reserved) at MAIN."""
    made = Book(NOW, stamp(NOW))
    for sku, track_by in (("A", "none"), ("B", "batch"), ("S", "serial")):
        made.items[TENANT, sku] = Item(TENANT, sku, f"The {sku}", "each", track_by, None, 1)
    for code in ("MAIN", "EAST"):
        made.locations[TENANT, code] = Location(TENANT, code, f"The {code}", "UTC", 1)
    made.enter(
        Level(
            LevelKey(TENANT, sku, "MAIN", lot),
            on_hand=Decimal(on_hand),
            reserved=Decimal(reserved),
            version=1,
        )
        for sku, lot, on_hand, reserved in levels
    )
    return made


def decided(command: Command, over: Book, ask: Ask = ASK) -> Outcome:
    """What becomes of a command; the book stays as it was."""
    return DECIDERS[type(command)].decide(command, ask, over)


def kept(command: Command, over: Book, named: str) -> Any:
    """What becomes of a command that applies, kept in the book."""
    outcome = decided(command, over, ASK._replace(new_id=named))
    if outcome.bin_moves or over.shelves.levels:
        follow(outcome, TENANT, over)
    over.apply(TENANT, ASK.actor_id, outcome)
    return outcome


def lot(code: str, expires_on: str, sku: str = "B") -> Command:
    """A lot and the last day on which it may be used."""
    return UpsertLot.model_validate_json(
        json.dumps({"sku": sku, "lot": code, "expires_on": expires_on})
    )


def refusal(outcome: Outcome) -> str | None:
    """The kind of problem, or nothing when it applied."""
    problem = getattr(outcome, "problem", None)
    return problem["type"].rpartition("/")[2] if problem else None
