"""Table location: where stock is kept, and in which time zone."""

from collections.abc import Collection
from typing import Final

from ledger import keyed
from ledger.connection import Transaction
from ledger.documents import Location

_LOCATIONS: Final = """
SELECT l.tenant_id, l.code, l.name, l.time_zone, l.version
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, code)
JOIN location l USING (tenant_id, code) ORDER BY l.tenant_id, l.code
"""
# Only the catalog module writes these rows, and locks them to number their changes; the others
# read them: what they rely on (that it exists) never changes.
_FOR_UPDATE: Final = " FOR NO KEY UPDATE OF l"


def locations(
    tx: Transaction, asked: Collection[tuple[str, str]], *, lock: bool
) -> dict[tuple[str, str], Location]:
    """The locations that exist, by (tenant, code)."""
    statement = _LOCATIONS + (_FOR_UPDATE if lock else "")
    return {(row[0], row[1]): Location(*row) for row in keyed.rows(tx, statement, asked)}


_SAVE_LOCATIONS: Final = """
INSERT INTO location AS old (tenant_id, code, name, time_zone, version, actor_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
ON CONFLICT (tenant_id, code) DO UPDATE
SET name = excluded.name, time_zone = excluded.time_zone, version = excluded.version,
    actor_id = excluded.actor_id
WHERE old.version < excluded.version
"""


def save_locations(tx: Transaction, locations: Collection[tuple[Location, str]]) -> None:
    """Store locations, each with the actor who named it.

    Raises:
        RacedError: another batch was faster with one of them.
    """
    keyed.save(tx, _SAVE_LOCATIONS, [(*location, actor_id) for location, actor_id in locations])
