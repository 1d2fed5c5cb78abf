"""The references of the edge: a bare round trip through the broker, a bare route on the database."""

import asyncio
import time
import uuid
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from fastapi import FastAPI, Response
from psycopg_pool import AsyncConnectionPool

from deploy.bench.callers import Latencies
from producers.kafka_config import aiokafka_config
from schemas.settings import Settings, settings

ROUND_TRIP_SECONDS: Final = 10.0
_SELECT: Final = """
SELECT sku, on_hand::text FROM stockyard_read.level
WHERE tenant_id = 'default' AND sku = %s AND location = 'MAIN' AND lot = ''
"""


def round_trip(known: Settings, topic: str, *, callers: int, seconds: float) -> Latencies:
    """Produce a record of a command's size and wait until it has been consumed again."""
    return asyncio.run(_round_trip(known, topic, callers, seconds))


async def _round_trip(known: Settings, topic: str, callers: int, seconds: float) -> Latencies:
    connection = aiokafka_config(known)
    producer = AIOKafkaProducer(**connection, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(**connection, enable_auto_commit=False, fetch_max_wait_ms=100)
    await producer.start()
    await consumer.start()
    numbers = await producer.partitions_for(topic)
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    await consumer.seek_to_end()
    for partition in partitions:
        await consumer.position(partition)
    waiting: dict[bytes, asyncio.Future[None]] = {}
    listener = asyncio.create_task(_listen(consumer, waiting))
    found: list[float] = []
    began = time.monotonic()

    async def caller() -> None:
        while time.monotonic() - began < seconds:
            key, sent = uuid.uuid4().bytes, time.monotonic()
            waiting[key] = asyncio.get_running_loop().create_future()
            await producer.send(topic, b"x" * 120, key)
            await asyncio.wait_for(waiting[key], ROUND_TRIP_SECONDS)
            del waiting[key]
            found.append(time.monotonic() - sent)

    await asyncio.gather(*(caller() for _ in range(callers)))
    took = time.monotonic() - began
    listener.cancel()
    await consumer.stop()
    await producer.stop()
    return Latencies(took, tuple(found))


async def _listen(consumer: AIOKafkaConsumer, waiting: dict[bytes, "asyncio.Future[None]"]) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            for record in records:
                future = waiting.get(record.key)
                if future is not None and not future.done():
                    future.set_result(None)


def bare_route() -> FastAPI:
    """One route, one select by primary key: what the framework and the driver cost alone."""
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        settings().read_url, min_size=4, max_size=8, open=False
    )
    app = FastAPI(on_startup=[pool.open], on_shutdown=[pool.close])

    @app.get("/level/{sku}")
    async def level(sku: str) -> Response:
        async with pool.connection() as connection:
            row = await (await connection.execute(_SELECT, [sku])).fetchone()
        body = b'{"sku":"%s","on_hand":"%s"}' % (row[0].encode(), row[1].encode()) if row else b"{}"
        return Response(body, media_type="application/json")

    return app
