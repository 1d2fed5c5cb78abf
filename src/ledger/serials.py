"""Tables serial and serial_movement: where each unit is and whom it is promised to; what moved it."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from ledger import keyed
from ledger.arrays import numbers, texts
from ledger.connection import Transaction
from ledger.copy import copy_rows, escaped, optional
from ledger.outcome import Movement
from ledger.serial_unit import Serial, SerialKey

_COLUMNS: Final = "s.tenant_id, s.sku, s.serial, s.account, s.document, s.reservation_id, s.version"
_LOCK: Final = f"""
SELECT {_COLUMNS} FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, serial)
JOIN serial s USING (tenant_id, sku, serial) ORDER BY s.tenant_id, s.sku, s.serial
FOR NO KEY UPDATE OF s
"""  # noqa: S608  # the columns are ours
_AT: Final = """
SELECT s.tenant_id, s.sku, s.serial
FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(tenant_id, sku, account)
JOIN serial s USING (tenant_id, sku, account)
"""


def lock(tx: Transaction, asked: Collection[SerialKey]) -> dict[SerialKey, Serial]:
    """Lock and load serials; those that never came in are left out."""
    return {found.key: found for found in (Serial(*row) for row in keyed.rows(tx, _LOCK, asked))}


def at(tx: Transaction, places: Collection[tuple[str, str, str]]) -> set[SerialKey]:
    """All that are at the (tenant, item, location) places, whose balances keep them there if locked."""
    return {(row[0], row[1], row[2]) for row in keyed.rows(tx, _AT, places)}


_OF_ANY_ITEM: Final = """
SELECT s.tenant_id, s.sku, s.serial
FROM unnest(%s::text[], %s::text[]) AS asked(tenant_id, serial) JOIN serial s USING (tenant_id, serial)
"""


def of_any_item(tx: Transaction, units: Collection[tuple[str, str]]) -> set[SerialKey]:
    """What (tenant, serial) may stand for: two items may have a unit of the same serial each."""
    return {(row[0], row[1], row[2]) for row in keyed.rows(tx, _OF_ANY_ITEM, units)}


_COPY: Final = (
    "COPY serial (tenant_id, sku, serial, account, document, reservation_id, version) FROM STDIN"
)
_UPDATE: Final = """
UPDATE serial s
SET account = n.account, document = n.document, reservation_id = nullif(n.reservation_id, ''),
    version = n.version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    AS n(tenant_id, sku, serial, account, document, reservation_id, version)
WHERE s.tenant_id = n.tenant_id AND s.sku = n.sku AND s.serial = n.serial
    AND s.version < n.version
"""


def save(tx: Transaction, moved: Collection[Serial], stored: Collection[SerialKey]) -> None:
    """Store serials as a batch leaves them; those that the database has are `stored`.

    Raises:
        RuntimeError: a locked row was not as it was loaded.
        psycopg.errors.UniqueViolation: another batch brought in the same serial in this moment.
    """
    changed = [serial for serial in moved if serial.key in stored]
    copy_rows(tx, _COPY, (_row(serial) for serial in moved if serial.key not in stored))
    if not changed:
        return
    *names, versions = zip(*changed, strict=True)
    columns = [texts(each or "" for each in column) for column in names]
    if tx.execute(_UPDATE, [*columns, numbers(versions)]).rowcount != len(changed):
        raise RuntimeError("a serial changed under its lock")


def _row(serial: Serial) -> str:
    *names, reservation_id, version = serial
    return "\t".join((*map(escaped, names), optional(reservation_id), str(version)))


_COPY_MOVED: Final = (
    "COPY serial_movement (tenant_id, shard, sequence, entry, sku, serial) FROM STDIN"
)


def moved_rows(place: tuple[str, int, int], entry: int, movement: Movement) -> Iterator[str]:
    """One row for each serial of a movement; `place` is the place of its journal row."""
    tenant_id, shard, sequence = place
    before = f"{tenant_id}\t{shard}\t{sequence}\t{entry}\t{escaped(movement.sku)}\t"
    return (before + escaped(serial) for serial in movement.serials)


def append_moved(tx: Transaction, rows: Iterable[str]) -> None:
    """Note which serials were moved by which entry."""
    copy_rows(tx, _COPY_MOVED, rows)
