"""What the edge says of itself: that it lives, that it is ready, and its numbers."""

import asyncio
from typing import Final

import psycopg
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.answers import json_response
from api.connections import Connections, connections_of
from ledger.views.progress import reached

router = APIRouter(tags=["Health"])

CHECK_SECONDS: Final = 3.0


@router.get("/livez", summary="Whether the process answers at all")
async def livez() -> Response:
    """Other servers' troubles make the edge unready, never dead: a restart would not mend them."""
    return json_response({"alive": True})


@router.get("/readyz", summary="Whether requests should come here")
async def readyz(request: Request) -> Response:
    """503 with the state of each check, unless all are `ok`."""
    connections = connections_of(request)
    broker, database = await asyncio.gather(connections.pipeline.check(), _database(connections))
    checks = {
        "broker": broker,
        "database": database,
        "projection": connections.projection.check(),
    }
    if connections.stopping.is_set():
        checks["process"] = "stopping"
    ready = all(state == "ok" for state in checks.values())
    return json_response({"ready": ready, "checks": checks}, 200 if ready else 503)


async def _database(connections: Connections) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await reached(connections.pool)
    except (psycopg.Error, TimeoutError):
        return "the read tables do not answer"
    return "ok"


@router.get("/metrics", summary="Numbers for Prometheus")
async def metrics() -> Response:
    """In Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
