"""A reservation as results and events show it, and as the ledger stores its lines."""

from typing import Any

from ledger.documents import Reservation, ReservationLine
from schemas.base import shown
from schemas.times import stamp


def reservation_body(reservation: Reservation) -> dict[str, Any]:
    """A reservation as results and events show it."""
    expires_at = reservation.expires_at
    body = {
        "reservation_id": reservation.reservation_id,
        "order_id": reservation.order_id,
        "status": reservation.status,
        "lines": [line_body(line) for line in reservation.lines],
        "expires_at": None if expires_at is None else stamp(expires_at),
        "shipments": list(reservation.shipments),
        "created_at": reservation.created_at,
        "version": reservation.version,
    }
    if reservation.choices:
        body["choices"] = list(reservation.choices)
    if reservation.conversions:
        body["conversions"] = list(reservation.conversions)
    if reservation.kits:
        body["kits"] = list(reservation.kits)
    return body


def line_body(line: ReservationLine) -> dict[str, Any]:
    """A reservation's line as results and events show it, and as the ledger stores it."""
    number, sku, location, lot, channel, quantity, reserved, released, consumed = line
    return {
        "line": number,
        "sku": sku,
        "location": location,
        "lot": lot or None,
        "channel": channel,
        "quantity": shown(quantity),
        "reserved": shown(reserved),
        "released": shown(released),
        "consumed": shown(consumed),
    }
