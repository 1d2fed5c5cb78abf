"""Tables replenishment and observation: how places are replenished, and what was observed of them."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final, TypeVar

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.replenishing import (
    PLACES_MAX,
    Demand,
    LeadTime,
    Observation,
    Place,
    Places,
    Policies,
    Replenishment,
    Scope,
)
from schemas.times import stamp

_WORDS: Final = Replenishment._fields[4:-1]  # all that are numbers
_COLUMNS: Final = ", ".join(Replenishment._fields)
_NAMED: Final = """
SELECT r.tenant_id, r.sku, r.location
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku) JOIN replenishment r USING (tenant_id, sku)
"""
# Text sorts by its code points, as Python compares it; the index has the same order.
_ALL: Final = """
SELECT DISTINCT r.tenant_id, r.sku, r.location
FROM jsonb_to_recordset(%s::jsonb)
    AS asked(tenant_id text, locations jsonb, after_sku text, after_location text)
CROSS JOIN LATERAL (
    SELECT tenant_id, sku, location FROM replenishment o
    WHERE o.tenant_id = asked.tenant_id
        AND (asked.locations IS NULL OR asked.locations ? o.location)
        AND (o.sku COLLATE "C", o.location COLLATE "C") > (asked.after_sku, asked.after_location)
    ORDER BY o.sku COLLATE "C", o.location COLLATE "C" LIMIT %s
) r
"""
DECIDED: Final = PLACES_MAX + 1
"""One place more than is decided tells whether there is more."""


def within(tx: Transaction, scopes: Collection[Scope]) -> set[Place]:
    """Of each scope the first places that have a policy, and one more."""
    named = [scope for scope in scopes if scope.skus]
    of_all = [_asked(scope) for scope in scopes if not scope.skus]
    items = {(scope.tenant_id, sku) for scope in named for sku in scope.skus or ()}
    places = Places((row[0], row[1], row[2]) for row in keyed.rows(tx, _NAMED, items))
    found = {place for scope in named for place in places.within(scope, DECIDED)}
    if of_all:
        rows = tx.execute(_ALL, [orjson.dumps(of_all).decode(), DECIDED])
        found |= {(row[0], row[1], row[2]) for row in rows}
    return found


def _asked(scope: Scope) -> dict[str, Any]:
    """A scope of all items as the statement reads it; what is left out is a null there."""
    sku, location = scope.after
    said = {"tenant_id": scope.tenant_id, "after_sku": sku, "after_location": location}
    return said if scope.locations is None else {**said, "locations": scope.locations}


_LOCK: Final = f"""
SELECT {", ".join("r." + name for name in Replenishment._fields[:4])},
    {", ".join(f"trim_scale(r.{name})" for name in _WORDS)}, r.version
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, location)
JOIN replenishment r USING (tenant_id, sku, location)
ORDER BY r.tenant_id, r.sku, r.location
FOR NO KEY UPDATE OF r
"""  # noqa: S608  # the columns are ours


def lock(tx: Transaction, places: Collection[Place]) -> Policies:
    """Lock and load the policies of places: who has them decides there."""
    return Policies({row[:3]: Replenishment(*row) for row in keyed.rows(tx, _LOCK, places)})


_SAVE: Final = f"""
INSERT INTO replenishment AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[],
    {", ".join("%s::numeric[]" for _ in _WORDS)}, %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, sku, location) DO UPDATE
SET kind = excluded.kind, {", ".join(f"{name} = excluded.{name}" for name in _WORDS)},
    version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, policies: Collection[tuple[Replenishment, str]]) -> None:
    """Store policies, each with the actor who set it.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    keyed.save(tx, _SAVE, [(*policy, actor_id) for policy, actor_id in policies])


_OBSERVED: Final = """
SELECT o.tenant_id, o.sku, o.location, o.demand, o.lead_time, o.observed_at, o.version
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, location)
JOIN observation o USING (tenant_id, sku, location)
"""
_SAVE_OBSERVED: Final = """
INSERT INTO observation AS old
    (tenant_id, sku, location, demand, lead_time, observed_at, version, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::timestamptz[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, sku, location) DO UPDATE
SET demand = excluded.demand, lead_time = excluded.lead_time, observed_at = excluded.observed_at,
    version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""


def observed(tx: Transaction, places: Collection[Place]) -> dict[Place, Observation]:
    """What was observed of places, whose policies must be locked."""
    return {row[:3]: _read(row) for row in keyed.rows(tx, _OBSERVED, places)}


def _read(row: tuple[Any, ...]) -> Observation:
    tenant_id, sku, location, demand, lead_time, observed_at, version = row
    return Observation(
        tenant_id,
        sku,
        location,
        _figures(Demand, demand),
        _figures(LeadTime, lead_time),
        stamp(observed_at),
        version,
    )


F = TypeVar("F", Demand, LeadTime)


def _figures(kind: type[F], kept: str | None) -> F | None:
    if kept is None:
        return None
    said = orjson.loads(kept)
    return kind(**{**said, "mean": Decimal(said["mean"]), "sigma": Decimal(said["sigma"])})


def save_observed(tx: Transaction, observations: Collection[tuple[Observation, str]]) -> None:
    """Store observations, each with the actor who made it.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    keyed.save(tx, _SAVE_OBSERVED, [_row(each, actor_id) for each, actor_id in observations])


def _row(observation: Observation, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: figures are JSON, as its body shows them."""
    figures = (
        None if each is None else orjson.dumps(each.told).decode()
        for each in (observation.demand, observation.lead_time)
    )
    return (*observation[:3], *figures, *observation[5:], actor_id)
