"""Read table location: the places of ours as they are named now."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    location = orjson.loads(event.value)
    code, name = location["code"], location["name"]
    time_zone = location.get("time_zone", "UTC")  # told since there are lots
    columns = (event.tenant_id, code, name, str(event.version), time_zone)
    yield Row((event.tenant_id, code), event.version, columns)


_MERGE: Final = """
INSERT INTO location AS old
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[],
    %s::text[]) AS new(tenant_id, code)
ORDER BY tenant_id, code
ON CONFLICT (tenant_id, code) DO UPDATE
SET name = excluded.name, version = excluded.version, time_zone = excluded.time_zone
WHERE old.version < excluded.version
"""

LOCATION: Final = Table("location", frozenset({"location.upserted"}), _rows, _MERGE)
