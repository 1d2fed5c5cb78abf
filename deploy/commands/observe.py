"""`stockyard observe`: what the read tables show of demand and lead times, as bodies of commands."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from deploy.commands.streams import DATA_DIR, Tenant
from deploy.machine.addresses import adopt
from deploy.machine.trouble import OperatorError

if TYPE_CHECKING:
    from schemas.settings import Settings

WINDOW_MAX = 730


def observe(
    *,
    days: Annotated[
        int, typer.Option(min=1, max=WINDOW_MAX, help="demand is of so many days before today")
    ] = 90,
    tenant: Tenant = None,
    data_dir: Annotated[
        Path, typer.Option(help="used when ERP_DATABASE_URL is not set")
    ] = DATA_DIR,
) -> None:
    """Print what is seen of all places that are replenished, one command body a line.

    Note it by `stockyard observe | stockyard send replenishment.observe`; what is recommended by
    `stockyard send recommendation.generate` then goes by it.
    """
    from psycopg import Error  # noqa: PLC0415 (slow to import)
    from psycopg_pool import PoolTimeout  # noqa: PLC0415  # slow to import

    known = adopt(data_dir, kafka=False)
    try:
        asyncio.run(_print(known, tenant or known.default_tenant, days))
    except (Error, PoolTimeout) as error:
        raise OperatorError(f"the read tables: {error}") from error


async def _print(known: "Settings", tenant_id: str, days: int) -> None:
    from ledger.views.observations import bodies  # noqa: PLC0415  # slow to import
    from ledger.views.pool import read_pool  # noqa: PLC0415  # slow to import

    async with read_pool(known.read_url) as pool:
        async for body in bodies(pool, tenant_id, datetime.now(UTC), days):
            typer.echo(orjson.dumps(body))
