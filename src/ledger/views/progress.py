"""How far the read tables follow the journal, shard by shard, and being told when they move on."""

from collections.abc import AsyncIterator
from typing import Final

import psycopg

from ledger.views.pool import Pool, conninfo, rows

CHANNEL: Final = "stockyard_projected"
SILENCE_SECONDS: Final = 1.0

_REACHED: Final = """
SELECT shard, max(sequence) FROM stockyard_read.progress WHERE shard IS NOT NULL GROUP BY shard
"""


async def reached(pool: Pool) -> dict[int, int]:
    """The sequence that each shard has been projected up to."""
    return dict(await rows(pool, _REACHED, {}))


async def moves(url: str) -> AsyncIterator[dict[int, int]]:
    """What the projector tells of its progress; `{}` after a second without news.

    The first `{}` comes as soon as the session listens: what was projected before is not told.

    Raises:
        psycopg.Error: the session is lost; listen anew and read `reached`.
    """
    session = await psycopg.AsyncConnection.connect(
        conninfo(url, "stockyard edge listener"), autocommit=True
    )
    async with session:
        await session.execute(f"LISTEN {CHANNEL}")
        yield {}
        while True:
            silent = True
            async for notice in session.notifies(timeout=SILENCE_SECONDS, stop_after=1):
                silent = False
                yield _spelt(notice.payload)
            if silent:
                await session.execute("SELECT")  # finds out about a connection that is dead
                yield {}


def _spelt(payload: str) -> dict[int, int]:
    """`shard:sequence,shard:sequence,...`; what is not spelt so tells nothing."""
    told: dict[int, int] = {}
    for part in payload.split(","):
        shard, _, sequence = part.partition(":")
        if shard.isdigit() and sequence.isdigit():
            told[int(shard)] = int(sequence)
    return told
