"""Postgres as far as the workers know it, in memory: transactions, row locks, and ways to lose both.

It answers the very statements that the files of `ledger` send (`statements.py` has the answers), so
that all of our code above `Session.connect` runs as it is.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from simulation.turns import KilledError, Task, Turns

LOCK_SECONDS = 15.0
IDLE_IN_TRANSACTION_SECONDS = 20.0
Row = tuple[Any, ...]
Key = tuple[Any, ...]


class NoAnswerError(BaseException):
    """Our code has a statement that the simulation does not know. Nothing of ours may catch it."""


@dataclass(eq=False)
class Store:
    """The committed rows, by table and key; who holds which; and what a commit may meet."""

    turns: Turns
    answers: dict[str, Callable[["Session", Any], Any]]
    copies: dict[str, Callable[["Session", list[str]], None]]
    fate: Callable[[], str] = lambda: "kept"
    """Of a commit: `kept`; `unsent`, it never arrived; `unheard`, its answer never came back."""
    tables: dict[str, dict[Key, Row]] = field(default_factory=lambda: defaultdict(dict))
    held: dict[Key, "Session"] = field(default_factory=dict)
    sessions: list["Session"] = field(default_factory=list)
    away_until: float = 0.0
    watch: Callable[["Session"], None] = lambda _: None
    """Sees every transaction that commits, before it does."""

    def connect(self, *_: Any, **__: Any) -> "Session":
        self.turns.step()
        if self.away_until > self.turns.now:
            raise psycopg.OperationalError("nobody listens")
        session = Session(self, self.turns.running)
        self.sessions.append(session)
        return session

    def end(self, task: Task) -> None:
        """A process died: the server hears its connections close."""
        for session in [each for each in self.sessions if each.task is task]:
            session.lose()

    def restart(self, seconds: float) -> None:
        """The server dies and comes back on what was committed."""
        self.away_until = self.turns.now + seconds
        for session in list(self.sessions):
            session.lose()

    def end_idle(self, task: Task) -> None:
        """A frozen task's transactions are ended by the server, which gives their locks to others."""
        for session in self.sessions[:]:
            if session.task is task and session.inside:
                session.lose()


@dataclass(eq=False)
class Session:
    """One connection, as `psycopg.Connection` is used by us."""

    store: Store
    task: Task | None
    autocommit: bool = False
    closed: bool = False
    broken: bool = False
    inside: bool = False
    waits_for: Key | None = None
    writes: dict[str, dict[Key, Row | None]] = field(default_factory=dict)
    locks: list[Key] = field(default_factory=list)

    def execute(self, statement: Any, values: Any = ()) -> "Found":
        self._step()
        answer = self.store.answers.get(statement)
        if answer is None:
            raise NoAnswerError(f"statements.py has no answer to {statement}")
        rows = answer(self, values)
        return rows if isinstance(rows, Found) else Found(list(rows))

    @contextmanager
    def cursor(self, **_: Any) -> Iterator["Cursor"]:
        yield Cursor(self)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        assert not self.inside, "a transaction within a transaction"
        self._step()
        self.inside = True
        try:
            yield
        except KilledError:
            raise
        except BaseException:
            self.roll_back()
            raise
        self._commit()

    def _commit(self) -> None:
        self._step()
        fate = self.store.fate() if self.writes else "kept"
        if fate == "unsent":
            self.lose()
        self._check()
        self.store.watch(self)
        for table, rows in self.writes.items():
            stored = self.store.tables[table]
            for key, row in rows.items():
                assert row is not None
                stored[key] = row
        self.roll_back()
        if fate == "unheard":
            self.lose()
            self._check()

    def roll_back(self) -> None:
        """Forget what was written and let go of what was locked."""
        self.inside = False
        self.writes = {}
        for key in self.locks:
            del self.store.held[key]
        self.locks = []

    def lose(self) -> None:
        """The connection breaks; the server rolls back what was under way."""
        self.roll_back()
        self.broken = self.closed = True
        if self in self.store.sessions:
            self.store.sessions.remove(self)

    def close(self) -> None:
        if not self.closed:
            self.lose()

    def _step(self) -> None:
        self.store.turns.step()
        self._check()

    def _check(self) -> None:
        if self.broken or self.closed:
            raise psycopg.OperationalError("the connection is lost")

    def get(self, table: str, key: Key) -> Row | None:
        written = self.writes.get(table)
        if written is not None and key in written:
            return written[key]
        return self.store.tables[table].get(key)

    def put(self, table: str, key: Key, row: Row) -> None:
        self.writes.setdefault(table, {})[key] = row

    def add(self, table: str, key: Key, row: Row) -> None:
        """Insert: waits for whoever inserts the same key in this moment."""
        self.lock(table, key)
        if self.get(table, key) is not None:
            raise psycopg.errors.UniqueViolation(f"{table} {key}")
        self.put(table, key, row)

    def free(self, table: str, key: Key) -> bool:
        return self.store.held.get((table, *key), self) is self

    def lock(self, table: str, key: Key) -> None:
        """Wait for a row and keep it until the transaction ends."""
        named = (table, *key)
        held = self.store.held
        if held.get(named) is self:
            return
        if named in held:
            self._wait(named)
        held[named] = self
        self.locks.append(named)

    def _wait(self, named: Key) -> None:
        self.waits_for = named
        if self._in_a_circle():
            self.waits_for = None
            raise psycopg.errors.DeadlockDetected(str(named))
        free = self.store.turns.wait(
            lambda: self.broken or named not in self.store.held, LOCK_SECONDS
        )
        self.waits_for = None
        self._check()
        if not free:
            raise psycopg.errors.LockNotAvailable(str(named))

    def _in_a_circle(self) -> bool:
        other = self
        while other.waits_for is not None:
            holder = self.store.held.get(other.waits_for)
            if holder is self:
                return True
            if holder is None:
                return False
            other = holder
        return False


class Found(list[Row]):
    """The rows of an answer; `rowcount` of one that changes rows without returning them."""

    def __init__(self, rows: Any = (), changed: int | None = None) -> None:
        super().__init__(rows)
        self.rowcount = len(self) if changed is None else changed

    def fetchall(self) -> list[Row]:
        return self

    def fetchone(self) -> Row | None:
        return self[0] if self else None


class Cursor:
    """For statements whose answer is iterated, and for COPY."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found = Found()

    def execute(self, statement: str, values: Any) -> None:
        self._found = self._session.execute(statement, values)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._found)

    @contextmanager
    def copy(self, statement: bytes) -> Iterator["Copy"]:
        copy = Copy()
        yield copy
        self._session._step()  # noqa: SLF001  # of the same store
        lines = b"".join(copy.chunks).decode().split("\n")
        self._session.store.copies[statement.decode()](
            self._session, [line for line in lines if line]
        )


class Copy:
    """Rows on their way."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def write(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
