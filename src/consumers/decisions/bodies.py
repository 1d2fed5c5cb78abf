"""Reservations, transfers and the serials of any line, as results and events show them."""

from typing import Any

from ledger.documents import Reservation, ReservationLine, Transfer
from schemas.base import shown
from schemas.serials import compact
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
    """A reservation's line as results and events show it."""
    number, sku, location, lot, channel, quantity, reserved, released, consumed, serials = line
    body: dict[str, Any] = {
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
    if serials is not None:
        body["serials"] = compact(serials)
    return body


def transfer_body(transfer: Transfer) -> dict[str, Any]:
    """A transfer as results and events show it."""
    body: dict[str, Any] = {
        "transfer_id": transfer.transfer_id,
        "from_location": transfer.from_location,
        "to_location": transfer.to_location,
        "status": transfer.status,
        "reference": transfer.reference,
        "reason": transfer.reason,
        "lines": [
            {
                "line": line.line,
                "sku": line.sku,
                "lot": line.lot or None,
                "shipped": shown(line.shipped),
                "received": shown(line.received),
                "lost": shown(line.lost),
                "returned": shown(line.returned),
                **serials_body(line.serials),
            }
            for line in transfer.lines
        ],
        "created_at": transfer.created_at,
        "version": transfer.version,
    }
    if transfer.conversions:
        body["conversions"] = list(transfer.conversions)
    return body


def serials_body(serials: tuple[str, ...] | None) -> dict[str, Any]:
    """The field that tells the serials of a line; none where its item has none."""
    return {} if serials is None else {"serials": compact(serials)}
