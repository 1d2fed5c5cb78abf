"""Read table command_result: what became of each command, for those who did not wait."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import orjson

from consumers.projections.event import RESULT, Event
from consumers.projections.table import Row, Table
from ledger.connection import Transaction
from schemas.envelope import identity
from schemas.problems import BASE, KEY_REUSED

_KEY_REUSED: Final = BASE + KEY_REUSED.name


def _rows(event: Event) -> Iterable[Row]:
    """The command's own result: no repeat of it, no refusal of another command under its key."""
    result = orjson.loads(event.value)
    problem = result["problem"]
    if result["replayed"] or (problem and problem["type"] == _KEY_REUSED):
        return
    named = identity(event.tenant_id, event.source_system, result["idempotency_key"])
    columns = (
        event.tenant_id,
        f"\\x{named.hex()}",
        result["request_id"],
        result["command_type"],
        result["status"],
        result["position"],
        event.value.decode(),
        event.at,
    )
    yield Row((event.tenant_id, named), event.version, columns)


_MERGE: Final = """
INSERT INTO command_result
SELECT * FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::timestamptz[]) AS new(tenant_id, identity)
ORDER BY tenant_id, identity
ON CONFLICT DO NOTHING
"""

COMMAND_RESULT: Final = Table("command_result", frozenset({RESULT}), _rows, _MERGE)

PRUNED_MAX: Final = 20_000
_PRUNE: Final = """
WITH aged AS (
    SELECT ctid FROM command_result WHERE recorded_at < now() - %s LIMIT %s
)
DELETE FROM command_result USING aged WHERE command_result.ctid = aged.ctid
"""


def prune(tx: Transaction, retention: timedelta) -> int:
    """Forget results older than the keys they answer, some at a time; how many that were."""
    return tx.execute(_PRUNE, [retention, PRUNED_MAX]).rowcount
