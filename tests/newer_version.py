"""The `stockyard` of a version to come: a command has one more field, and there is one more command.

A program of its own, so that workers of both versions can be at work at once.
"""

from typing import ClassVar

import consumers.decisions.all  # noqa: F401  # registers what there is
from consumers.decisions.registry import DECIDERS
from deploy.main import main
from schemas.base import Text
from schemas.commands import COMMANDS, reservations


class CreateReservation(reservations.CreateReservation):
    """As it is, and a note."""

    note: Text | None = None


class RecallReservation(reservations.ReleaseReservation):
    """A release under another name."""

    TYPE: ClassVar[str] = "reservation.recall"


def become_newer() -> None:
    """Register what is new, beside what there is."""
    COMMANDS[CreateReservation.TYPE] = CreateReservation
    COMMANDS[RecallReservation.TYPE] = RecallReservation
    DECIDERS[CreateReservation] = DECIDERS[reservations.CreateReservation]
    DECIDERS[RecallReservation] = DECIDERS[reservations.ReleaseReservation]


if __name__ == "__main__":
    become_newer()
    main()
