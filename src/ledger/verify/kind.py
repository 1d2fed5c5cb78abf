"""How the proof sees a kind of document: told by bodies, kept in a table under the same names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from ledger.copy import escaped

Told = Mapping[str, Any]
"""A body in a journal record."""


class Kind(NamedTuple):
    """A kind of document: its columns and their types, those of its key first."""

    table: str
    key: Mapping[str, str]
    columns: Mapping[str, str]
    before: Mapping[str, Any] = {}
    """What a column holds whose name bodies of earlier versions lack."""
    lines: tuple[str, ...] = ()
    """The fields of its lines: kept as lists of their values, no lot as an empty one."""

    @property
    def declared(self) -> str:
        """The table of what is told of it: one row a body."""
        columns = {"tenant_id": "text", **self.key, "version": "bigint", **self.columns}
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"CREATE TEMP TABLE told_{self.table} ({listed}, actor_id text)"

    def row(self, tenant_id: str, body: Told, actor_id: str) -> Iterator[str]:
        """A body as that table takes it."""
        yield tenant_id
        for name in (*self.key, "version", *self.columns):
            value = body.get(name, self.before.get(name))
            yield _kept(self._listed(value) if self.lines and name == "lines" else value)
        yield actor_id

    def _listed(self, lines: Sequence[Told]) -> list[list[Any]]:
        return [self._values(line) for line in lines]

    def _values(self, line: Told) -> list[Any]:
        """What few lines have stands behind the others: serials, or the bin that is held."""
        values = [line[name] or "" if name == "lot" else line[name] for name in self.lines]
        return values + [line[name] for name in ("serials", "bin") if name in line]


def _kept(value: Any) -> str:  # noqa: ANN401  # any that JSON has
    """A value of a body as COPY takes it."""
    if value is None:
        return "\\N"
    if isinstance(value, list | dict):
        return escaped(orjson.dumps(value).decode())
    return escaped(str(value))


class Placed(Kind):
    """A kind of one location or of everywhere, which is kept as an empty one."""

    __slots__ = ()

    def row(self, tenant_id: str, body: Told, actor_id: str) -> Iterator[str]:
        """A body as that table takes it."""
        return super().row(tenant_id, {**body, "location": body["location"] or ""}, actor_id)


class Counted(Kind):
    """A count: its scope is kept as a list of values. Its lines are told apart."""

    __slots__ = ()

    def row(self, tenant_id: str, body: Told, actor_id: str) -> Iterator[str]:
        """A body as that table takes it."""
        scope = body["scope"] and [list(each.values()) for each in body["scope"]]
        return super().row(tenant_id, {**body, "scope": scope}, actor_id)
