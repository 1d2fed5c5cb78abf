"""Reservations: stock promised to an order, given back, or shipped with proof."""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Request, Response

from api.answers import JSON
from api.caller import caller, show, writer
from api.connections import connections_of
from api.documents import READ_PROBLEMS, position_header, tenant_header, write_document
from api.identity.claims import Caller
from api.problems import Refused
from api.reads import after_position, read
from api.writes import Write, write
from ledger.views.reservations import reservation
from schemas.commands.reservations import (
    ConsumeReservation,
    CreateReservation,
    ReleaseReservation,
)
from schemas.envelope import Envelope
from schemas.events.reservations import Reservation
from schemas.problems import (
    INSUFFICIENT_STOCK,
    ITEM_INACTIVE,
    RESERVATION_CLOSED,
    RESERVATION_HOLDS_LESS,
    UNIT_RULE,
    UNKNOWN_ITEM,
    UNKNOWN_LOCATION,
    UNKNOWN_RESERVATION,
    problem,
)

PATH: Final = "/api/v1/inventory/reservations"
router = APIRouter(prefix=PATH, tags=["Reservations"])

CREATE: Final = Write(CreateReservation, key="order_id", place=f"{PATH}/")
RELEASE: Final = Write(ReleaseReservation, key="reservation_id")
CONSUME: Final = Write(ConsumeReservation, key="reservation_id")

Writer = Annotated[Envelope, Depends(writer)]


@router.post(
    "",
    summary="Reserve stock for an order",
    **write_document(
        CREATE.command,
        (201, Reservation),
        [INSUFFICIENT_STOCK, ITEM_INACTIVE, UNIT_RULE, UNKNOWN_ITEM, UNKNOWN_LOCATION],
    ),
)
async def create(request: Request, who: Writer) -> Response:
    """Promise stock to an order: all of its lines or, unless `allow_partial`, none."""
    return await write(request, who, CREATE)


@router.post(
    "/{id}/release",
    summary="Release active reserved stock",
    **write_document(
        RELEASE.command,
        (200, Reservation),
        [UNKNOWN_RESERVATION, RESERVATION_CLOSED, RESERVATION_HOLDS_LESS],
        without=["reservation_id"],
    ),
)
async def release(
    id: str,  # noqa: A002  # the contract's name for it
    request: Request,
    who: Writer,
) -> Response:
    """Give promised stock back: all that is left, or the named parts."""
    return await write(request, who, RELEASE, {"reservation_id": id})


@router.post(
    "/{id}/consume",
    summary="Consume reserved stock after shipment proof",
    **write_document(
        CONSUME.command,
        (200, Reservation),
        [UNKNOWN_RESERVATION, RESERVATION_CLOSED, RESERVATION_HOLDS_LESS, INSUFFICIENT_STOCK],
        without=["reservation_id"],
    ),
)
async def consume(
    id: str,  # noqa: A002  # the contract's name for it
    request: Request,
    who: Writer,
) -> Response:
    """Ship promised stock, with proof of the shipment."""
    return await write(request, who, CONSUME, {"reservation_id": id})


@router.get(
    "/{id}",
    summary="Read a reservation",
    responses={200: {"model": Reservation}, **READ_PROBLEMS},
    openapi_extra={"parameters": [tenant_header(), position_header()]},
)
async def get_reservation(
    id: str,  # noqa: A002  # the contract's name for it
    request: Request,
    who: Annotated[Caller, Depends(caller)],
) -> Response:
    """A reservation as the read tables have it."""
    await after_position(request)
    found = await read(reservation(connections_of(request).pool, who.tenant_id, id))
    if found is None:
        raise Refused(problem(UNKNOWN_RESERVATION, f"there is no reservation {id}"))
    if who.locations is not None:
        show(who, orjson.loads(found))
    return Response(found, media_type=JSON)
