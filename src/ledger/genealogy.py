"""Table genealogy: which lot was made of which, by which document. Append only."""

from collections.abc import Collection
from typing import Final

from ledger import keyed
from ledger.connection import Transaction
from ledger.making import Link

_SHARE: Final = "SELECT pg_advisory_xact_lock_shared(7150203)"


def share(tx: Transaction) -> None:
    """Keep recalls waiting until the end: they look at what is made of what, and miss nothing."""
    tx.execute(_SHARE.encode())


_ALONE: Final = "SELECT pg_advisory_xact_lock(7150203)"


def alone(tx: Transaction) -> None:
    """Wait until nobody makes anything of a lot whose links cannot be seen yet, and let nobody begin."""
    tx.execute(_ALONE.encode())


_SAVE: Final = """
INSERT INTO genealogy (tenant_id, document, parent_sku, parent_lot, child_sku, child_lot)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
"""


def save(tx: Transaction, links: Collection[tuple[Link, str]]) -> None:
    """Add links; who made them, their document's movements say.

    Raises:
        psycopg.errors.UniqueViolation: a decision told a link twice.
    """
    keyed.save(tx, _SAVE, [link.key for link, _ in links])
