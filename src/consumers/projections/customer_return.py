"""Read table customer_return: what came back of which reservation, and what became of it."""

from collections.abc import Iterable
from typing import Final

import orjson

from consumers.projections.event import Event
from consumers.projections.table import Row, Table


def _rows(event: Event) -> Iterable[Row]:
    back = orjson.loads(event.value)
    key = (event.tenant_id, back["return_id"])
    said = (back["reservation_id"], back["order_id"], back["created_at"])
    yield Row(key, event.version, (*key, *said, str(event.version), event.value.decode()))


_MERGE: Final = """
INSERT INTO customer_return
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
    %s::bigint[], %s::text[]) AS new(tenant_id, return_id)
ORDER BY tenant_id, return_id ON CONFLICT DO NOTHING
"""

CUSTOMER_RETURN: Final = Table("customer_return", frozenset({"return.received"}), _rows, _MERGE)
