"""The face `erp`: `/api/v1/inventory/...`, with the write headers."""

from fastapi import APIRouter

from api.erp import availability, reservations

router = APIRouter(prefix="/api/v1/inventory")
router.include_router(availability.router)
router.include_router(reservations.router)
