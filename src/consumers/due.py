"""The system's own commands: what a reservation holds past its time is given back."""

from datetime import datetime
from typing import Final

from consumers.parse import Asked
from ledger import reservations
from ledger.connection import Transaction
from ledger.documents import Reservation
from schemas.commands.reservations import ExpireReservation
from schemas.envelope import Envelope

EXPIRED_PER_BATCH_MAX: Final = 1_000


def due(tx: Transaction, shard: int, module: str, now: datetime) -> list[Asked]:
    """What a batch begins with, so that what has run out is free for the commands behind it."""
    if module != ExpireReservation.MODULE:
        return []
    found = reservations.lock_due(tx, now, EXPIRED_PER_BATCH_MAX)
    return [_expire(reservation, shard) for reservation in found]


def _expire(reservation: Reservation, shard: int) -> Asked:
    named = reservation.reservation_id
    envelope = Envelope.model_validate(
        {
            "Command-Type": ExpireReservation.TYPE,
            "Request-Id": f"expire-{named}",
            "Idempotency-Key": f"expire-{named}",
            "Actor-Id": "stockyard",
            "Actor-Type": "worker",
            "Source-System": "inventory-worker",
            "Tenant-Id": reservation.tenant_id,
        }
    )
    command = ExpireReservation(reservation_id=named)
    # An identity that no client can spell, or one could keep a reservation from expiring.
    return Asked(shard, None, envelope, envelope.identity(own=True), command.fingerprint(), command)
