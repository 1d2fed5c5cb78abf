"""Table recommendation: what should be ordered for a place, why, and what became of it."""

from collections.abc import Collection
from typing import Any, Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.replenishing import Place, Recommendation, Recommendations
from schemas.times import stamp

_COLUMNS: Final = (
    "tenant_id, recommendation_id, sku, location, status, quantity, arithmetic, reason, reference, "
    "created_at, version"
)
_SELECTED: Final = (
    "r.tenant_id, r.recommendation_id, r.sku, r.location, r.status, trim_scale(r.quantity), "
    "r.arithmetic, r.reason, r.reference, r.created_at, r.version"
)
_LOCK: Final = f"""
SELECT {_SELECTED}
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, recommendation_id)
JOIN recommendation r USING (tenant_id, recommendation_id)
ORDER BY r.tenant_id, r.recommendation_id FOR NO KEY UPDATE OF r
"""  # noqa: S608  # the columns are ours
# The condition is that of the index.
_STANDING: Final = """
SELECT r.tenant_id, r.recommendation_id
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, location)
JOIN recommendation r USING (tenant_id, sku, location)
WHERE r.status IN ('open', 'accepted')
"""


def lock(
    tx: Transaction, asked: Collection[tuple[str, str]], places: Collection[Place]
) -> Recommendations:
    """Lock and load recommendations by (tenant, id), and all that stand for places.

    Whoever makes new ones for a place has locked its policy.
    """
    standing = {(row[0], row[1]) for row in keyed.rows(tx, _STANDING, places)}
    return Recommendations(map(_read, keyed.rows(tx, _LOCK, standing | set(asked))))


def _read(row: tuple[Any, ...]) -> Recommendation:
    read = Recommendation(*row)
    return read._replace(arithmetic=orjson.loads(row[6]), created_at=stamp(row[9]))


_SAVE: Final = f"""
INSERT INTO recommendation AS old ({_COLUMNS}, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[],
    %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, recommendation_id) DO UPDATE
SET status = excluded.status, quantity = excluded.quantity, arithmetic = excluded.arithmetic,
    reason = excluded.reason, reference = excluded.reference, version = excluded.version,
    actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""  # noqa: S608  # the columns are ours


def save(tx: Transaction, recommendations: Collection[tuple[Recommendation, str]]) -> None:
    """Store recommendations, each with the actor who changed it last.

    Raises:
        RacedError: a locked row was not as it was loaded.
        psycopg.errors.UniqueViolation: two stand open for one place.
    """
    keyed.save(tx, _SAVE, [_row(each, actor_id) for each, actor_id in recommendations])


def _row(recommendation: Recommendation, actor_id: str) -> tuple[object, ...]:
    """As the table keeps it: its arithmetic is JSON, as its body shows it."""
    arithmetic = orjson.dumps(recommendation.arithmetic).decode()
    return (*recommendation[:6], arithmetic, *recommendation[7:], actor_id)
