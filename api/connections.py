"""What every request shares: settings, tokens, the pipeline, the projection and the read tables."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from api.identity.api_keys import ApiKeys
from api.identity.issuer_keys import IssuerKeys
from api.identity.rates import Rates
from api.identity.sessions import Sessions
from api.identity.tokens import Tokens
from api.load import Load
from api.pipeline import Pipeline
from api.projection import Projection
from ledger.views.pool import Pool, read_pool
from schemas.settings import Settings

CLOSE_SECONDS = 3.0


@dataclass(slots=True)
class Connections:
    """The edge's connections, each of which comes up by itself when its server is there."""

    settings: Settings
    tokens: Tokens
    keys: ApiKeys
    sessions: Sessions
    rates: Rates | None
    """None: everybody may ask as often as they like."""
    pool: Pool
    pipeline: Pipeline
    projection: Projection
    load: Load
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Connections]:
    """The connections, for as long as the edge runs. Waits for none of them."""
    pool = read_pool(settings.read_url)
    await pool.open(wait=False)
    connections = Connections(
        settings,
        Tokens(settings, IssuerKeys(settings)),
        ApiKeys(pool),
        Sessions(settings, pool),
        _rates(settings),
        pool,
        Pipeline(settings),
        Projection(settings.read_url, pool),
        Load(settings),
    )
    connections.pipeline.start()
    connections.projection.start()
    connections.load.start()
    try:
        yield connections
    finally:
        await connections.load.stop()
        await connections.pipeline.stop()
        await connections.projection.stop()
        await pool.close(CLOSE_SECONDS)


def _rates(settings: Settings) -> Rates | None:
    if not settings.rate_requests_max:
        return None
    return Rates(settings.rate_requests_max, settings.rate_window_seconds)


def connections_of(request: Request) -> Connections:
    """The connections that a request may use."""
    found: Connections = request.state.connections
    return found
