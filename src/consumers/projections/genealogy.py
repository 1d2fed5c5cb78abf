"""Read table genealogy: which lot was made of which, by which document."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    told = orjson.loads(event.value)
    for link in told["links"]:
        columns = (
            event.tenant_id,
            told["document"],
            link["parent_sku"],
            link["parent_lot"] or "",
            link["child_sku"],
            link["child_lot"] or "",
        )
        yield Row(columns, event.version, columns)


_MERGE: Final = """
INSERT INTO genealogy
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS new(tenant_id, document, parent_sku, parent_lot, child_sku, child_lot)
ORDER BY tenant_id, parent_sku, parent_lot, child_sku, child_lot, document ON CONFLICT DO NOTHING
"""

GENEALOGY: Final = Table("genealogy", frozenset({"genealogy.linked"}), _rows, _MERGE)
