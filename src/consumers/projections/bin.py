"""Read table bin: the places within a location, each with its description in its body."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    told = orjson.loads(event.value)
    key = (event.tenant_id, told["location"], told["bin"])
    columns = (*key, told["zone"] or "", str(event.version), event.value.decode())
    yield Row(key, event.version, columns)


_MERGE: Final = """
INSERT INTO bin AS old
SELECT tenant_id, location, bin, nullif(zone, ''), version, body
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
    AS new(tenant_id, location, bin, zone, version, body)
ORDER BY tenant_id, location, bin
ON CONFLICT (tenant_id, location, bin) DO UPDATE
SET zone = excluded.zone, version = excluded.version, body = excluded.body
WHERE old.version < excluded.version
"""

BIN: Final = Table("bin", frozenset({"bin.upserted"}), _rows, _MERGE)
