"""Read table recipe: what items are made of, with the components in its body."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    recipe = orjson.loads(event.value)
    key = (event.tenant_id, recipe["sku"])
    yield Row(key, event.version, (*key, recipe["kind"], str(event.version), event.value.decode()))


_MERGE: Final = """
INSERT INTO recipe AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
    AS new(tenant_id, sku)
ORDER BY tenant_id, sku
ON CONFLICT (tenant_id, sku) DO UPDATE
SET kind = excluded.kind, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

RECIPE: Final = Table("recipe", frozenset({"recipe.upserted"}), _rows, _MERGE)
