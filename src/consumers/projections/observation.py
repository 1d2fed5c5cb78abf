"""Read table observation: what was observed last of places that are replenished."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    observed = orjson.loads(event.value)
    key = (event.tenant_id, observed["sku"], observed["location"])
    said = (observed["observed_at"], str(event.version), event.value.decode())
    yield Row(key, event.version, (*key, *said))


_MERGE: Final = """
INSERT INTO observation AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[],
    %s::text[]) AS new(tenant_id, sku, location)
ORDER BY tenant_id, sku, location
ON CONFLICT (tenant_id, sku, location) DO UPDATE
SET observed_at = excluded.observed_at, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

OBSERVATION: Final = Table("observation", frozenset({"replenishment.observed"}), _rows, _MERGE)
