"""What a count and a correction come to where each unit is a serial: who came in, and who is gone."""

from typing import Any, NamedTuple

from consumers.decisions.serials import Naming, refused
from ledger.outcome import LOSS, Rejected
from ledger.serial_unit import Serial
from schemas.base import ZERO
from schemas.commands.stock import AdjustStock, RecordStock
from schemas.serials import SERIALS_MAX, compact


class Units(NamedTuple):
    """The units that the books lacked, those that are not there, and what all of them are then."""

    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[Serial, ...] = ()
    by_serial: bool = False

    def found_body(self) -> dict[str, Any]:
        """As a count tells them."""
        if not self.by_serial:
            return {}
        return {"found": compact(self.found), "missing": compact(self.missing)}


def counted(command: RecordStock, naming: Naming) -> Units | Rejected:
    """What a count that names all units at its place has found, and what it has not."""
    if command.serials is None:
        return Units()
    wanted = (naming.ask.tenant_id, command.sku)
    here = {
        serial
        for *item, serial in naming.book.serials
        if tuple(item) == wanted
        and naming.book.serials[*wanted, serial].account == command.location
    }
    missing = tuple(sorted(here.difference(command.serials)))
    if len(missing) > SERIALS_MAX:
        said = f"{len(missing)} would be missing: adjust at most {SERIALS_MAX} at a time"
        return refused(said, "/serials", sku=command.sku)
    return _moved(
        command, tuple(each for each in command.serials if each not in here), missing, naming
    )


def adjusted(command: AdjustStock, naming: Naming) -> Units | Rejected:
    """The units that a correction brings in or takes out."""
    if command.serials is None:
        return Units()
    if command.delta > ZERO:
        return _moved(command, command.serials, (), naming)
    return _moved(command, (), command.serials, naming)


def _moved(
    command: RecordStock | AdjustStock,
    found: tuple[str, ...],
    missing: tuple[str, ...],
    naming: Naming,
) -> Units | Rejected:
    place = command.location
    wrong = naming.take_in(command.sku, found, place, "") or naming.take_out(
        command.sku, missing, (place, LOSS), ""
    )
    return wrong or Units(found, missing, tuple(naming.changed.values()), by_serial=True)
