"""What has happened: every event, by its type."""

from typing import Final

from schemas.events import catalog, reservations, stock
from schemas.events.base import Event, EventHeaders

EVENTS: Final[dict[str, type[Event]]] = {
    event.TYPE: event
    for event in (
        catalog.ItemUpserted,
        catalog.LocationUpserted,
        stock.StockRecorded,
        stock.StockAdjusted,
        stock.StockMoved,
        stock.LevelChanged,
        reservations.ReservationCreated,
        reservations.ReservationReleased,
        reservations.ReservationConsumed,
        reservations.ReservationExpired,
    )
}

__all__ = ["EVENTS", "Event", "EventHeaders"]
