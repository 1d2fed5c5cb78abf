"""The recommendations: their arithmetic holds when it is done again, from levels as they were told."""

from typing import Final

import orjson

from ledger.connection import Transaction
from ledger.ordering import Arithmetic
from ledger.reckoning import RESULTS, again, results
from ledger.verify.report import Finding, count, first
from schemas.base import shown

ROWS_PER_FETCH: Final = 500
_ALL: Final = """
SELECT format('tenant %s recommendation %s', tenant_id, recommendation_id),
    trim_scale(quantity), arithmetic
FROM recommendation ORDER BY tenant_id, recommendation_id
"""


def reckoned(tx: Transaction) -> tuple[int, Finding | None]:
    """What is recommended follows from the figures that it says it was reckoned from."""
    looked = 0
    with tx.cursor("recommendations") as cursor:
        cursor.itersize = ROWS_PER_FETCH
        for key, quantity, kept in cursor.execute(_ALL.encode()):
            looked += 1
            arithmetic = orjson.loads(kept)
            follows = again(arithmetic)
            if not isinstance(follows, Arithmetic):
                return looked, Finding("recommendation", key, follows, shown(quantity))
            said = {name: arithmetic[name] for name in RESULTS}
            if (results(follows), follows.total) != (said, quantity):
                expected = f"{shown(follows.total)} by {results(follows)}"
                found = f"{shown(quantity)} by {said}"
                return looked, Finding("recommendation", key, expected, found)
    return looked, None


# A level in a version is as it was told then, and no other.
_STOCK: Final = """
WITH named AS (
    SELECT r.tenant_id, r.recommendation_id, r.sku, r.location, coalesce(n.lot, '') AS lot, n.version
    FROM recommendation r CROSS JOIN LATERAL
        jsonb_to_recordset(r.arithmetic::jsonb -> 'levels') AS n(lot text, version bigint)
), told AS (
    SELECT tenant_id, recommendation_id, sum(on_hand) AS on_hand, sum(reserved) AS reserved,
        sum(held) AS held, sum(incoming) AS incoming
    FROM named JOIN told_level USING (tenant_id, sku, location, lot, version)
    GROUP BY tenant_id, recommendation_id
), summed AS (
    SELECT tenant_id, recommendation_id, (coalesce(t.on_hand, 0), coalesce(t.reserved, 0),
        coalesce(t.held, 0), coalesce(t.incoming, 0)) AS told,
        (s.on_hand, s.reserved, s.held, s.incoming) AS said
    FROM recommendation r CROSS JOIN LATERAL jsonb_to_record(r.arithmetic::jsonb -> 'stock')
        AS s(on_hand numeric, reserved numeric, held numeric, incoming numeric)
    LEFT JOIN told t USING (tenant_id, recommendation_id)
)
SELECT format('tenant %s recommendation %s', tenant_id, recommendation_id),
    format('%s, as the levels tell', told), format('%s', said)
FROM summed WHERE told IS DISTINCT FROM said
ORDER BY tenant_id, recommendation_id LIMIT 1
"""


def stocked(tx: Transaction) -> tuple[int, Finding | None]:
    """The stock that recommendations were reckoned from is what the named levels were."""
    return count(tx, "recommendation"), first(tx, "recommendation", _STOCK)
