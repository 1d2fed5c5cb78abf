"""The face `erp`: `/api/v1/inventory/...`, with the write headers."""

from api.erp import availability, reservations

ROUTERS = (availability.router, reservations.router)
