"""Table recipe: what items are made of. An order that was begun keeps the recipe that it began with."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.making import Component, Recipe
from schemas.base import shown

_LOCK: Final = "SELECT pg_advisory_xact_lock(7150204)"  # any number that nobody else takes


def lock(tx: Transaction) -> None:
    """Let nobody else change a recipe until the end: two at once could close a circle."""
    tx.execute(_LOCK.encode())


_OF: Final = """
SELECT r.tenant_id, r.sku, r.kind, trim_scale(r.makes), r.components, r.version
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku) JOIN recipe r USING (tenant_id, sku)
"""
# UNION drops what was found before, so that it ends even where there were a circle.
_BELOW: Final = """
WITH RECURSIVE below AS (
    SELECT * FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, sku)
    UNION
    SELECT r.tenant_id, c.component ->> 'sku' FROM below JOIN recipe r USING (tenant_id, sku)
    CROSS JOIN LATERAL jsonb_array_elements(r.components::jsonb) AS c(component)
)
SELECT r.tenant_id, r.sku, r.kind, trim_scale(r.makes), r.components, r.version
FROM below JOIN recipe r USING (tenant_id, sku)
"""


def load(
    tx: Transaction, asked: Collection[tuple[str, str]], *, below: bool
) -> dict[tuple[str, str], Recipe]:
    """The recipes by (tenant, item made); `below`: those of all that goes into them too."""
    found = keyed.rows(tx, _BELOW if below else _OF, asked)
    return {(row[0], row[1]): _read(row) for row in found}


def _read(row: tuple[Any, ...]) -> Recipe:
    tenant_id, sku, kind, makes, components, version = row
    return Recipe(tenant_id, sku, kind, makes, read_components(components), version)


def read_components(kept: str) -> tuple[Component, ...]:
    """Components as a column keeps them."""
    return tuple(
        Component(
            each["sku"],
            Decimal(each["quantity"]),
            Decimal(each["attrition"]),
            Decimal(each["setup"]),
            None if each["multiple"] is None else Decimal(each["multiple"]),
            each["consumable"],
        )
        for each in orjson.loads(kept)
    )


_SAVE: Final = """
INSERT INTO recipe AS old (tenant_id, sku, kind, makes, components, version, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::numeric[], %s::text[], %s::bigint[],
    %s::text[])
ON CONFLICT (tenant_id, sku) DO UPDATE
SET kind = excluded.kind, makes = excluded.makes, components = excluded.components,
    version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""


def save(tx: Transaction, recipes: Collection[tuple[Recipe, str]]) -> None:
    """Store recipes, each with the actor who gave it.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    keyed.save(tx, _SAVE, [_row(recipe, actor_id) for recipe, actor_id in recipes])


def _row(recipe: Recipe, actor_id: str) -> tuple[object, ...]:
    components = orjson.dumps([component.shown() for component in recipe.components]).decode()
    return (*recipe[:2], recipe.kind, shown(recipe.makes), components, recipe.version, actor_id)
