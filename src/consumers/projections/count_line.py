"""Read table count_line: every attempt at every line; when a level was last counted, and how well."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    told = orjson.loads(event.value)
    for line in told["lines"]:
        key = (event.tenant_id, told["count_id"], line["line"], line["attempt"])
        columns = (
            event.tenant_id,
            told["count_id"],
            str(line["line"]),
            str(line["attempt"]),
            told["location"],
            line["sku"],
            line["lot"] or "",
            line["counted"] or "",
            line["counted_at"] or "",
            line["counted_by"] or "",
            line["expected"] or "",
            str(line["version"]),
        )
        yield Row(key, line["version"], columns)


_MERGE: Final = """
INSERT INTO count_line AS old
SELECT tenant_id, count_id, line, attempt, location, sku, lot, nullif(counted, '')::numeric,
    nullif(counted_at, '')::timestamptz, nullif(counted_by, ''), nullif(expected, '')::numeric,
    version
FROM unnest(%s::text[], %s::text[], %s::int[], %s::smallint[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[])
    AS new(tenant_id, count_id, line, attempt, location, sku, lot, counted, counted_at,
        counted_by, expected, version)
ORDER BY tenant_id, count_id, line, attempt
ON CONFLICT (tenant_id, count_id, line, attempt) DO UPDATE
SET counted = excluded.counted, counted_at = excluded.counted_at,
    counted_by = excluded.counted_by, expected = excluded.expected, version = excluded.version
WHERE old.version < excluded.version
"""

COUNT_LINE: Final = Table("count_line", frozenset({"count.lines.changed"}), _rows, _MERGE)
