"""What a count and a correction come to: a difference between a place and the account of loss."""

from decimal import Decimal
from typing import Any, NamedTuple

from consumers.decisions.found_units import Units
from consumers.decisions.registry import Ask
from ledger.level import Level
from ledger.outcome import LOSS, Applied, Event, Movement
from schemas.base import ZERO, shown
from schemas.commands.stock import AdjustStock, RecordStock


class Why(NamedTuple):
    """What is told of a difference: as which event, for what reason, at what cost, since when."""

    event: str
    reason: str
    unit_cost: Decimal | None = None
    effective_at: str | None = None


Moved = tuple[tuple[str, str], Decimal, tuple[str, ...]]
"""Ends, quantity, and the units where each is a serial."""


def moved(
    command: RecordStock | AdjustStock,
    ask: Ask,
    level: Level,
    difference: Decimal,
    why: Why,
    body: dict[str, Any],
    units: Units,
) -> Applied:
    """The outcome of a difference between the location and the account of loss and gain."""
    document = f"stock-{ask.new_id}"
    gain, loss = (LOSS, command.location), (command.location, LOSS)
    if command.serials is None:
        sides: list[Moved] = [((gain if difference > ZERO else loss), abs(difference), ())]
    else:
        sides = [(gain, Decimal(len(units.found)), units.found)]
        sides += [(loss, Decimal(len(units.missing)), units.missing)]
    movements = tuple(
        Movement(
            command.sku,
            level.key.lot,
            serials,
            *ends,
            quantity,
            why.unit_cost,
            why.reason,
            document,
            why.effective_at,
        )
        for ends, quantity, serials in sides
        if quantity
    )
    body = {
        "id": document,
        "sku": command.sku,
        "location": command.location,
        "lot": command.lot,
        "difference": shown(difference),
        "on_hand": shown(level.on_hand + difference),
        **body,
    }
    return Applied(
        code=201,
        resource=("stock-movement", document),
        body=body,
        events=(Event(why.event, f"stock-movement/{document}", 1),),
        movements=movements,
        serials=units.changed,
    )
