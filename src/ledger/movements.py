"""Table movement: every quantity that ever left one account for another. Append only."""

from collections.abc import Iterable
from typing import Final

from ledger.book import Movement
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped

_COPY: Final = """
COPY movement (tenant_id, shard, sequence, entry, sku, lot, serial, from_account, to_account,
    quantity, unit_cost, reason, document, actor_id, moved_at) FROM STDIN
"""


def row(place: tuple[str, int, int], entry: int, movement: Movement, actor_id: str, at: str) -> str:
    """One row as COPY takes it; `place` is the (tenant, shard, sequence) of its journal row."""
    tenant_id, shard, sequence = place
    sku, lot, serial, source, destination, quantity, unit_cost, reason, document = movement
    return "\t".join(
        (
            f"{tenant_id}\t{shard}\t{sequence}\t{entry}",
            escaped(sku),
            escaped(lot),
            escaped(serial),
            escaped(source),
            escaped(destination),
            str(quantity),
            "\\N" if unit_cost is None else str(unit_cost),
            escaped(reason),
            escaped(document),
            escaped(actor_id),
            at,
        )
    )


def append(tx: Transaction, rows: Iterable[str]) -> None:
    """Add movements."""
    copy_rows(tx, _COPY, rows)
