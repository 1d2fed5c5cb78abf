"""Events folded into rows of the read tables, and written: the same for the projector and a rebuild."""

from collections import Counter
from dataclasses import dataclass, field

from consumers.projections.all import BY_TYPE, TABLES
from consumers.projections.event import Event
from consumers.projections.table import Rows, fold, save
from ledger.connection import Transaction


@dataclass(slots=True)
class Folded:
    """What a batch of events comes to: the newest of each row, by table."""

    rows: dict[str, Rows] = field(default_factory=lambda: {table.name: {} for table in TABLES})
    types: Counter[str] = field(default_factory=Counter)
    """How many events of each type were taken in."""
    passed_over: Counter[str] = field(default_factory=Counter)
    """How many of each type that no table is made of; they are passed over."""
    no_news: Counter[str] = field(default_factory=Counter)
    """By table: rows that were told before, or no newer than what stood."""

    def take(self, event: Event) -> None:
        """Take an event in. Pure.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: its body is not as we write it.
        """
        tables = BY_TYPE.get(event.type)
        if tables is None:
            self.passed_over[event.type] += 1
            return
        self.types[event.type] += 1
        for table in tables:
            repeated = fold(self.rows[table.name], table, event)
            if repeated:
                self.no_news[table.name] += repeated

    def write(self, tx: Transaction) -> None:
        """Merge the rows into the tables, with two statements a table, however many they are."""
        for table in TABLES:
            repeated = save(tx, table, self.rows[table.name])
            if repeated:
                self.no_news[table.name] += repeated
