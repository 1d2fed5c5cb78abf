"""Commands: what became of one, for callers who did not wait."""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Request, Response

from api.answers import json_response
from api.caller import caller, show
from api.connections import connections_of
from api.documents import READ_PROBLEMS, tenant_header
from api.identity.claims import Caller
from api.problems import UNKNOWN_COMMAND, Refused
from api.reads import read
from ledger.views.commands import result
from schemas.problems import problem

router = APIRouter(prefix="/commands", tags=["Commands"])

IDENTITY_BYTES: Final = 16


@router.get(
    "/{id}",
    summary="What became of a command",
    responses=READ_PROBLEMS,
    openapi_extra={"parameters": [tenant_header()]},
)
async def get_command(
    id: str,  # noqa: A002  # the path's name for it
    request: Request,
    who: Annotated[Caller, Depends(caller)],
) -> Response:
    """`applied` or `rejected`, with the result; `queued` while nobody has decided it.

    The edge keeps no state, so a command on its way and one that was never sent look alike: both
    are `queued`. A rejected command is no error of this request, which answers 200.
    """
    try:
        identity = bytes.fromhex(id)
    except ValueError:
        identity = b""
    if len(identity) != IDENTITY_BYTES:
        said = f"{id} is no command's id, which has 32 hexadecimal digits"
        raise Refused(problem(UNKNOWN_COMMAND, said))
    found = await read(result(connections_of(request).pool, who.tenant_id, identity))
    if found is None:
        return json_response({"id": id, "status": "queued"}, headers={"Retry-After": "1"})
    became = orjson.loads(found)
    show(who, became)
    return json_response({"id": id, **became})
