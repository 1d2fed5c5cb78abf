"""The kinds of documents that the ledger keeps, as the proof sees them: told by bodies, kept in tables.

A kind stands in a body under the names of its columns. Its lines are kept as JSON without the names
of their fields.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

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
            yield _kept(body.get(name, self.before.get(name)))
        yield actor_id


def _kept(value: Any) -> str:  # noqa: ANN401  # any that JSON has
    """A value of a body as COPY takes it."""
    if value is None:
        return "\\N"
    if isinstance(value, list | dict):
        return escaped(orjson.dumps(value).decode())
    return escaped(str(value))


class Lined(Kind):
    """A kind with lines: they are kept as lists of their values, without a lot as an empty one."""

    __slots__ = ()

    def row(self, tenant_id: str, body: Told, actor_id: str) -> Iterator[str]:
        """A body as that table takes it."""
        lines = [list({**line, "lot": line["lot"] or ""}.values()) for line in body["lines"]]
        return super().row(tenant_id, {**body, "lines": lines}, actor_id)


class Counted(Kind):
    """A count: its scope is kept as a list of values. Its lines are told apart."""

    __slots__ = ()

    def row(self, tenant_id: str, body: Told, actor_id: str) -> Iterator[str]:
        """A body as that table takes it."""
        scope = body["scope"] and [list(each.values()) for each in body["scope"]]
        return super().row(tenant_id, {**body, "scope": scope}, actor_id)


ITEM: Final = Kind(
    "item",
    {"sku": "text"},
    {"name": "text", "uom": "text", "track_by": "text", "barcode": "text"},
)
LOCATION: Final = Kind(
    "location", {"code": "text"}, {"name": "text", "time_zone": "text"}, {"time_zone": "UTC"}
)
LOT: Final = Kind(
    "lot",
    {"sku": "text", "lot": "text"},
    {
        "status": "text",
        "reason": "text",
        "expires_on": "date",
        "best_before_on": "date",
        "remove_on": "date",
        "alert_on": "date",
    },
)
HOLD: Final = Lined(
    "hold",
    {"hold_id": "text"},
    {
        "sku": "text",
        "status": "text",
        "reason": "text",
        "lines": "text",
        "created_at": "timestamptz",
    },
)
TRANSFER: Final = Lined(
    "transfer",
    {"transfer_id": "text"},
    {
        "from_location": "text",
        "to_location": "text",
        "status": "text",
        "reference": "text",
        "reason": "text",
        "lines": "text",
        "created_at": "timestamptz",
    },
)
RECIPE: Final = Kind(
    "recipe", {"sku": "text"}, {"kind": "text", "makes": "numeric", "components": "text"}
)
PRODUCTION: Final = Kind(
    "production",
    {"production_id": "text"},
    {
        "sku": "text",
        "location": "text",
        "status": "text",
        "planned": "numeric",
        "makes": "numeric",
        "components": "text",
        "recipe_version": "bigint",
        "inputs": "text",
        "outputs": "text",
        "reference": "text",
        "reason": "text",
        "created_at": "timestamptz",
    },
)
RESERVATION: Final = Lined(
    "reservation",
    {"reservation_id": "text"},
    {
        "order_id": "text",
        "status": "text",
        "expires_at": "timestamptz",
        "lines": "text",
        "shipments": "text",
        "created_at": "timestamptz",
        "choices": "text",
    },
)

COUNT: Final = Counted(
    "count",
    {"count_id": "text"},
    {
        "location": "text",
        "status": "text",
        "blind": "boolean",
        "scope": "text",
        "tolerance_percent": "numeric",
        "tolerance_quantity": "numeric",
        "reference": "text",
        "reason": "text",
        "counted_by": "text",
        "approved_by": "text",
        "lines": "int",
        "posted": "int",
        "created_at": "timestamptz",
    },
)

KINDS: Final = (RESERVATION, ITEM, LOCATION, LOT, HOLD, TRANSFER, COUNT, RECIPE, PRODUCTION)
_BY_TABLE: Final = {kind.table: kind for kind in KINDS}
_WITHIN: Final = {
    "receipt": (("lots", LOT),),
    "kit": (("lots", LOT),),
    "production": (("lots", LOT),),
}
"""Resources whose bodies hold documents beside the one that they may be themselves."""
_IN_EVENTS: Final = {"count": {"lot.status.set": LOT}}
"""Resources that have others in their events, which may be thousands, and not in their bodies."""


def told_of(
    resource: str, body: Told, events: Iterable[list[Any]] = ()
) -> Iterator[tuple[Kind, Told]]:
    """The documents that a body of a resource's type describes, and its events beside it."""
    if resource in _BY_TABLE:
        yield _BY_TABLE[resource], body
    for name, kind in _WITHIN.get(resource, ()):
        yield from ((kind, each) for each in body.get(name, ()))
    if resource in _IN_EVENTS:
        kinds = _IN_EVENTS[resource]
        yield from ((kinds[what], data) for what, _, _, data in events if what in kinds)
