"""The edge: four faces over one pipeline. It translates, and has no rules of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain

from fastapi import Depends, FastAPI
from starlette.exceptions import HTTPException

from api import asyncapi, commands, erp, health, sign_in
from api.connections import Connections, connected
from api.documents import describe
from api.identity.admission import admit
from api.identity.documents import tell_rules
from api.perimeter import Perimeter
from api.problems import Refused, answer_http, answer_refused
from schemas.settings import Settings

# A face is its routers, side by side: each nesting costs every request a match.
FACES = (erp.ROUTERS,)


def create_app(settings: Settings) -> FastAPI:
    """The application. Its connections come up by themselves while it runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Connections]]:
        async with connected(settings) as connections:
            app.state.connections = connections
            yield {"connections": connections}

    app = FastAPI(
        title="Stockyard",
        version="1",
        summary="Inventory and procurement that cannot oversell",
        description="Writes are commands: each is applied once, by its Idempotency-Key. "
        "Every refusal is an RFC 9457 problem with the request's id.",
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry={"auto_configure": False},
        dependencies=[Depends(admit)],
    )
    app.add_middleware(
        Perimeter,
        body_bytes_max=settings.http_body_bytes_max,
        body_seconds_max=settings.http_request_seconds_max,
    )
    app.add_exception_handler(Refused, answer_refused)
    app.add_exception_handler(HTTPException, answer_http)
    shared = (commands.router, sign_in.router, health.router, asyncapi.pages(settings))
    for router in (*chain(*FACES), *shared):
        app.include_router(router)
    app.openapi = partial(describe, app, tell_rules)  # type: ignore[method-assign]  # FastAPI's own way
    return app
