"""Read table location: the places of ours as they are named now."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table
from ledger.copy import escaped


def _rows(event: Event) -> Iterable[Row]:
    location = orjson.loads(event.value)
    code, name = location["code"], location["name"]
    line = f"{event.tenant_id}\t{escaped(code)}\t{escaped(name)}\t{event.version}"
    yield Row((event.tenant_id, code), event.version, line)


_STAGE: Final = "CREATE TEMP TABLE IF NOT EXISTS new_location (LIKE location) ON COMMIT DELETE ROWS"
_COPY: Final = "COPY new_location FROM STDIN"
_MERGE: Final = """
INSERT INTO location AS old SELECT * FROM new_location ORDER BY tenant_id, code
ON CONFLICT (tenant_id, code) DO UPDATE SET name = excluded.name, version = excluded.version
WHERE old.version < excluded.version
"""

LOCATION: Final = Table("location", frozenset({"location.upserted"}), _rows, _STAGE, _COPY, _MERGE)
