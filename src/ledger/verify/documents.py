"""The kinds of documents that the ledger keeps, as the proof sees them: told by bodies, kept in tables.

A kind stands in a body under the names of its columns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        """Of an item tracked by serial a line has its serials behind the others."""
        values = [line[name] or "" if name == "lot" else line[name] for name in self.lines]
        return [*values, line["serials"]] if "serials" in line else values


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


ITEM: Final = Kind(
    "item",
    {"sku": "text"},
    {
        "name": "text",
        "uom": "text",
        "track_by": "text",
        "barcode": "text",
        "active": "boolean",
        "rounding": "text",
        "scale": "smallint",
        "units": "text",
        "barcodes": "text",
        "variant_of": "text",
        "attributes": "text",
    },
    {"active": True, "rounding": "exact", "units": [], "barcodes": [], "attributes": {}},
)
LOCATION: Final = Kind(
    "location", {"code": "text"}, {"name": "text", "time_zone": "text"}, {"time_zone": "UTC"}
)
POLICY: Final = Placed(
    "policy",
    {"sku": "text", "location": "text"},
    {
        "backorder_limit": "numeric",
        "negative_limit": "numeric",
        "shelf_life_days": "integer",
        "buffers": "text",
    },
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
HOLD: Final = Kind(
    "hold",
    {"hold_id": "text"},
    {
        "sku": "text",
        "status": "text",
        "reason": "text",
        "lines": "text",
        "created_at": "timestamptz",
    },
    lines=("location", "lot", "held", "released"),
)
TRANSFER: Final = Kind(
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
        "conversions": "text",
    },
    lines=("line", "sku", "lot", "shipped", "received", "lost", "returned"),
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
RECEIPT: Final = Kind(
    "receipt",
    {"receipt_id": "text"},
    {
        "source": "text",
        "reference": "text",
        "lines": "text",
        "effective_at": "timestamptz",
        "created_at": "timestamptz",
    },
    lines=("line", "sku", "location", "lot", "quantity", "unit_cost"),
)
COST_METHOD: Final = Kind(
    "cost_method", {"sku": "text"}, {"method": "text", "standard_cost": "numeric"}
)
PERIOD: Final = Kind("period", {}, {"closed_until": "date", "backdaters": "text", "reason": "text"})
CUSTOMER_RETURN: Final = Kind("customer_return", {"reservation_id": "text"}, {"lines": "text"})
RESERVATION: Final = Kind(
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
        "conversions": "text",
        "kits": "text",
    },
    lines=(
        "line",
        "sku",
        "location",
        "lot",
        "channel",
        "quantity",
        "reserved",
        "released",
        "consumed",
    ),
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
        "frozen": "boolean",
    },
)

KINDS: Final = (
    RESERVATION,
    ITEM,
    LOCATION,
    POLICY,
    LOT,
    HOLD,
    TRANSFER,
    COUNT,
    RECIPE,
    PRODUCTION,
    RECEIPT,
    COST_METHOD,
    PERIOD,
    CUSTOMER_RETURN,
)
_BY_RESOURCE: Final = {kind.table.replace("_", "-"): kind for kind in KINDS}
_LOTS: Final = (("lots", LOT),)
_WITHIN: Final = {
    "receipt": _LOTS,
    "kit": _LOTS,
    "production": _LOTS,
    "repack": _LOTS,
    "recall": _LOTS,
    "return": (("returned", CUSTOMER_RETURN),),
}
"""Resources whose bodies hold documents beside the one that they may be themselves."""
_IN_EVENTS: Final = {
    "count": {"lot.status.set": LOT},
    "lot-correction": {"lot.described": LOT},
    "return": {"hold.placed": HOLD},
    "reservation": {"reservation.rebound": RESERVATION},
}
"""Resources that have others in their events, which may be thousands, and not in their bodies."""


def told_of(
    resource: str, body: Told, events: Iterable[list[Any]] = ()
) -> Iterator[tuple[Kind, Told]]:
    """The documents that a body of a resource's type describes, and its events beside it."""
    # Receipts had no version, and no row, before anything could be said of what they cost.
    if resource in _BY_RESOURCE and "version" in body:
        yield _BY_RESOURCE[resource], body
    for name, kind in _WITHIN.get(resource, ()):
        yield from ((kind, each) for each in body.get(name, ()))
    if resource in _IN_EVENTS:
        kinds = _IN_EVENTS[resource]
        yield from ((kinds[what], data) for what, _, _, data in events if what in kinds)
