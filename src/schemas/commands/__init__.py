"""What may be asked: every command, by its type, and the module that applies it."""

from typing import Final

from schemas.commands import catalog, reservations, stock
from schemas.commands.base import Command

COMMANDS: Final[dict[str, type[Command]]] = {
    command.TYPE: command
    for command in (
        catalog.UpsertItem,
        catalog.UpsertLocation,
        stock.RecordStock,
        stock.AdjustStock,
        reservations.CreateReservation,
        reservations.ReleaseReservation,
        reservations.ConsumeReservation,
        reservations.ExpireReservation,
    )
}

__all__ = ["COMMANDS", "Command"]
