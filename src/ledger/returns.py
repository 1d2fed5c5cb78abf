"""Table customer_return: what came back of what reservations shipped."""

from collections.abc import Collection
from decimal import Decimal
from typing import Final

import orjson

from ledger import keyed
from ledger.connection import Transaction
from ledger.making import CameBack, CustomerReturn

# Whoever asks has locked the reservation before, so that these rows wait for nobody.
_OF: Final = """
SELECT c.tenant_id, c.reservation_id, c.lines, c.version
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, reservation_id)
JOIN customer_return c USING (tenant_id, reservation_id)
"""


def load(
    tx: Transaction, asked: Collection[tuple[str, str]]
) -> dict[tuple[str, str], CustomerReturn]:
    """What came back before, by (tenant, reservation)."""
    return {
        (tenant_id, named): CustomerReturn(
            tenant_id,
            named,
            tuple(
                CameBack(each["line"], each["sku"], each["lot"] or "", Decimal(each["quantity"]))
                for each in orjson.loads(lines)
            ),
            version,
        )
        for tenant_id, named, lines, version in keyed.rows(tx, _OF, asked)
    }


_SAVE: Final = """
INSERT INTO customer_return AS old (tenant_id, reservation_id, lines, version, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, reservation_id) DO UPDATE
SET lines = excluded.lines, version = excluded.version, actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""


def save(tx: Transaction, returns: Collection[tuple[CustomerReturn, str]]) -> None:
    """Store what came back, each with the actor who took it in last.

    Raises:
        RacedError: a locked row was not as it was loaded.
    """
    keyed.save(
        tx,
        _SAVE,
        [
            (
                *back.key,
                orjson.dumps([each.shown() for each in back.lines]).decode(),
                back.version,
                actor_id,
            )
            for back, actor_id in returns
        ],
    )
