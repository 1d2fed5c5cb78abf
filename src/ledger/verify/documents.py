"""The kinds of documents that the ledger keeps, as the proof sees them: told by bodies, kept in tables.

A kind stands in a body under the names of its columns.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ledger.replenishing import Replenishment
from ledger.verify.kind import Counted, Kind, Placed, Told

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
        "vendor_id": "text",
        "ordered_at": "timestamptz",
        "promised_at": "timestamptz",
    },
    lines=("line", "sku", "location", "lot", "quantity", "unit_cost"),
)
COST_METHOD: Final = Kind(
    "cost_method", {"sku": "text"}, {"method": "text", "standard_cost": "numeric"}
)
PERIOD: Final = Kind(
    "period",
    {},
    {"closed_until": "date", "backdaters": "text", "reason": "text", "currency": "text"},
)
CUSTOMER_RETURN: Final = Kind("customer_return", {"reservation_id": "text"}, {"lines": "text"})
_PLACE: Final = {"sku": "text", "location": "text"}
REPLENISHMENT: Final = Kind(
    "replenishment",
    _PLACE,
    {"kind": "text", **dict.fromkeys(Replenishment._fields[4:-1], "numeric")},
)
OBSERVATION: Final = Kind(
    "observation", _PLACE, {"demand": "text", "lead_time": "text", "observed_at": "timestamptz"}
)
RECOMMENDATION: Final = Kind(
    "recommendation",
    {"recommendation_id": "text"},
    {
        **_PLACE,
        "status": "text",
        "quantity": "numeric",
        "arithmetic": "text",
        "reason": "text",
        "reference": "text",
        "created_at": "timestamptz",
    },
)
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
BIN: Final = Kind(
    "bin",
    {"location": "text", "bin": "text"},
    {
        "zone": "text",
        "priority": "integer",
        "capacity": "numeric",
        "takes": "text",
        "blocked": "boolean",
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
    REPLENISHMENT,
    OBSERVATION,
    RECOMMENDATION,
    BIN,
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
    "observations": {"replenishment.observed": OBSERVATION},
    "recommendation-run": {
        f"recommendation.{how}": RECOMMENDATION for how in ("created", "refreshed", "withdrawn")
    },
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
