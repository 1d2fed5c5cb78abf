"""Availability: how much of an item a location can still promise."""

from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.answers import json_response
from api.caller import caller, check_locations
from api.connections import connections_of
from api.documents import READ_PROBLEMS, parameters, position_header, tenant_header
from api.identity.claims import Caller
from api.reads import PageQuery, after_position, cursor_of, next_link, place_of, query_of, read
from ledger.views.availability import Availability, Wanted, availability
from schemas.base import ChannelCode, LocationCode, LotCode, Reference, Sku
from schemas.commands.reservations import ReservationId

router = APIRouter(prefix="/api/v1/inventory", tags=["Inventory"])
SKUS_MAX: Final = 100


class AvailabilityQuery(PageQuery):
    """Which stock is asked for."""

    REPEATABLE: ClassVar[frozenset[str]] = frozenset({"sku"})

    sku: Annotated[
        list[Sku] | None, Field(max_length=SKUS_MAX, description="an item; may be repeated")
    ] = None
    location: Annotated[LocationCode | None, Field(description="one location")] = None
    lot: Annotated[LotCode | None, Field(description="one lot only")] = None
    only_available: Annotated[
        bool, Field(alias="only-available", description="leave out what has none to promise")
    ] = False
    channel: Annotated[
        ChannelCode | None, Field(description="by which it would be sold: its buffer is kept back")
    ] = None
    for_reservation: Annotated[
        ReservationId | None,
        Field(alias="for-reservation", description="whose own promise is no competition"),
    ] = None
    for_order: Annotated[
        Reference | None,
        Field(alias="for-order", description="whose own promises are no competition"),
    ] = None


class AvailabilityRow(BaseModel):
    """One item at one location. Quantities are exact decimals in the item's base unit."""

    sku: str
    location: str
    lot: str | None = Field(description="the lot asked for; null: all lots together")
    available: str = Field(
        description="owned, less reserved and held, and what may be promised beyond it",
        examples=["94"],
    )
    reserved: str = Field(description="promised; less what has expired, swept or not")
    held: str
    owned: str = Field(description="on hand")
    on_hand: str
    incoming: str = Field(description="under way from another location of ours")
    backordered: str = Field(description="promised beyond what is there and not held")
    channel: str | None = Field(description="the channel asked for")
    buffer: str = Field(description="what that channel leaves alone")
    channel_available: str = Field(description="available, less the buffer, and never below zero")
    changed_at: str


class AvailabilityPage(BaseModel):
    """A page, ordered by item and location."""

    data: list[AvailabilityRow]
    next_cursor: str | None = Field(description="null on the last page")


@router.get(
    "/availability",
    summary="Read available, reserved, held and owned stock",
    responses={
        200: {
            "model": AvailabilityPage,
            "headers": {
                "Link": {
                    "description": 'the next page, `rel="next"`; absent on the last',
                    "schema": {"type": "string"},
                }
            },
        },
        **READ_PROBLEMS,
    },
    openapi_extra={
        "parameters": [
            *parameters(AvailabilityQuery),
            tenant_header(),
            position_header(),
        ]
    },
)
async def get_availability(request: Request, who: Annotated[Caller, Depends(caller)]) -> Response:
    """How much can still be promised, by item and location.

    An item or location without any stock record has no row. Whoever is limited to some locations
    sees the rows of those.
    """
    query = query_of(request, AvailabilityQuery)
    if who.locations is not None and query.location is not None:
        check_locations([query.location], who.locations)
    after = place_of(query.cursor, 2)
    await after_position(request)
    wanted = Wanted(
        who.tenant_id,
        query.sku,
        query.location,
        query.lot,
        query.only_available,
        query.channel,
        query.for_reservation,
        query.for_order,
        None if who.locations is None else sorted(who.locations),
    )
    place = (after[0], after[1]) if after else None
    found = await read(availability(connections_of(request).pool, wanted, place, query.limit + 1))
    page, more = found[: query.limit], len(found) > query.limit
    cursor = cursor_of((page[-1].sku, page[-1].location)) if more else None
    content = {"data": [_row(each, query) for each in page], "next_cursor": cursor}
    return json_response(content, headers={"Link": next_link(request, cursor)} if cursor else None)


def _row(found: Availability, query: AvailabilityQuery) -> dict[str, Any]:
    return {
        "sku": found.sku,
        "location": found.location,
        "lot": query.lot,
        "available": found.available,
        "reserved": found.reserved,
        "held": found.held,
        "owned": found.owned,
        "on_hand": found.owned,
        "incoming": found.incoming,
        "backordered": found.backordered,
        "channel": query.channel,
        "buffer": found.buffer,
        "channel_available": found.channel_available,
        "changed_at": found.changed_at,
    }
