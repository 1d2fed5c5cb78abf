"""The edge's end of the pipeline: a command goes out, and its result comes in from every worker."""

import asyncio
from asyncio import Future
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog
from aiokafka import ConsumerRecord
from aiokafka import TopicPartition as Partition
from aiokafka.errors import KafkaError
from prometheus_client import Gauge

from api.awaited import Awaited, TooManyError
from api.broker import edge_broker
from schemas.envelope import Envelope
from schemas.failpoints import reached
from schemas.settings import Settings
from schemas.topics import RESULT_PARTITIONS, commands_topic, results_topic

if TYPE_CHECKING:
    from faststream.kafka import KafkaBroker

log = structlog.get_logger()

AWAITED: Final = Gauge("stockyard_edge_results_awaited", "Requests that wait for a result.")
AWAITED_MAX: Final = 4096
START_SECONDS: Final = 15.0
STOP_SECONDS: Final = 3.0
RETRY_SECONDS: Final = 1.0
PROBE_SECONDS: Final = 2.0
STUCK_SECONDS: Final = 30.0
"""A send unacknowledged or a result unread for so long, while the broker answers, is our fault."""
DEAF_TURNS: Final = 3


class UnsentError(Exception):
    """The broker has not acknowledged the command in time: it may have it, or get it yet."""


class Unavailable(Exception):  # noqa: N818  # what it is
    """The command was not sent, and never will be."""


class CrowdedError(Unavailable):
    """As many callers wait for results as may wait at this edge."""


class Asked(NamedTuple):
    """A command to be sent: its message, and how long its caller waits."""

    module: str
    key: str
    body: bytes
    envelope: Envelope
    span: str
    wait_seconds: float


class Pipeline:
    """One broker connection that comes up by itself, now or later, and the results awaited on it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prefix = settings.topic_prefix
        self._results = [
            Partition(results_topic(self._prefix), number) for number in range(RESULT_PARTITIONS)
        ]
        self._broker: KafkaBroker | None = None  # None until results can be heard
        self._client: KafkaBroker | None = None
        self._consumer: Any = None
        self._unacknowledged: dict[Future[Any], float] = {}
        self._task: asyncio.Task[None] | None = None
        self._deaf = 0
        self.awaited = Awaited(AWAITED_MAX)
        AWAITED.set_function(lambda: len(self.awaited))

    def start(self) -> None:
        """Begin to connect; `check` tells when it has."""
        self._task = asyncio.create_task(self._keep_connected())

    async def stop(self) -> None:
        """Let go of the broker, within a few seconds even if it is away."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._disconnect()

    async def ask(self, asked: Asked) -> bytes | None:
        """Send a command and wait for its result; None when the wait ran out before it came.

        Raises:
            Unavailable: there is no connection.
            CrowdedError: too many wait.
            UnsentError: the broker did not acknowledge within the longest wait that there is.
        """
        began = monotonic()
        try:
            future = self.awaited.expect(asked.span)
        except TooManyError as error:
            raise CrowdedError("too many callers wait for results") from error
        try:
            reached("e.before_send")
            acknowledged = await self._send(asked, future)
            reached("e.after_send")
            left = asked.wait_seconds - (monotonic() - began)
            if left > 0:
                await asyncio.wait((future,), timeout=left)
            if future.done():
                return future.result()
            await self._acknowledged(acknowledged, began)
            reached("e.after_ack")
            return None
        finally:
            self.awaited.forget(asked.span)

    async def _send(self, asked: Asked, future: Future[bytes]) -> Future[Any]:
        """Hand the message to the client; a refusal by the broker ends the wait for the result."""
        if self._broker is None:
            raise Unavailable("the broker is not connected")
        try:
            async with asyncio.timeout(self._settings.http_wait_seconds_max):
                sent = await self._broker.publish(
                    asked.body,
                    commands_topic(self._prefix, asked.module),
                    key=asked.key.encode(),
                    headers=_headers(asked),
                    no_confirm=True,
                )
        except (KafkaError, TimeoutError) as error:
            raise UnsentError(str(error) or "the broker takes nothing") from error
        acknowledged: Future[Any] = sent
        self._unacknowledged[acknowledged] = monotonic()
        acknowledged.add_done_callback(lambda done: self._note(done, future))
        return acknowledged

    def _note(self, acknowledged: Future[Any], future: Future[bytes]) -> None:
        self._unacknowledged.pop(acknowledged, None)
        if acknowledged.cancelled():
            return
        error = acknowledged.exception()
        if error is not None and not future.done():
            future.set_exception(UnsentError(str(error)))

    async def _acknowledged(self, acknowledged: Future[Any], began: float) -> None:
        """Wait for the broker as long as any caller may be kept waiting.

        An idempotent producer of aiokafka never gives a message up, so the bound is ours.
        """
        left = self._settings.http_wait_seconds_max - (monotonic() - began)
        if not acknowledged.done():
            await asyncio.wait((acknowledged,), timeout=max(0.0, left))
        if not acknowledged.done():
            raise UnsentError("the broker has not acknowledged the command")
        if acknowledged.cancelled() or acknowledged.exception() is not None:
            raise UnsentError("the broker did not take the command")

    async def check(self) -> str:
        """Whether the broker answers about the results topic: "ok", or what is the matter."""
        if self._consumer is None:
            return "connecting"
        if self._deaf >= DEAF_TURNS:
            return "results are not read"
        return "the broker does not answer" if await self._behind() is None else "ok"

    async def _behind(self) -> bool | None:
        """Whether results wait that have not been read; None when the broker does not answer."""
        consumer = self._consumer
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                before = [await consumer.position(place) for place in self._results]
                ends = await consumer.end_offsets(self._results)
                after = [await consumer.position(place) for place in self._results]
        except (KafkaError, TimeoutError):
            return None
        return before == after and any(
            ends[place] > position for place, position in zip(self._results, after, strict=True)
        )

    async def _keep_connected(self) -> None:
        """Connect; connect anew when the client is stuck. The broker's own absences it outlives."""
        while True:
            try:
                await self._connect()
                await self._watch()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("no broker", error=str(error) or type(error).__name__)
            await self._disconnect()
            await asyncio.sleep(RETRY_SECONDS)

    async def _connect(self) -> None:
        """Subscribe to all results from now on; commands are taken once that stands."""
        broker, subscriber = edge_broker(self._settings, self._settle)
        self._client = broker
        async with asyncio.timeout(START_SECONDS):
            await broker.start()
            for place in self._results:
                await subscriber.consumer.position(place)
        self._broker, self._consumer = broker, subscriber.consumer
        log.info("connected to the broker")

    async def _settle(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        self.awaited.settle(records)

    async def _watch(self) -> None:
        """Return when the client is stuck: the broker answers, yet nothing is sent or read."""
        self._deaf = 0
        while self._deaf < STUCK_SECONDS:
            await asyncio.sleep(RETRY_SECONDS)
            behind = await self._behind()
            self._deaf = self._deaf + 1 if behind else 0
            oldest = min(self._unacknowledged.values(), default=monotonic())
            if monotonic() - oldest > STUCK_SECONDS and behind is not None:
                break
        log.error("the client is stuck, connecting anew", deaf=self._deaf)

    async def _disconnect(self) -> None:
        """Stop the client; one whose broker is away would take for ever."""
        broker, self._client = self._client, None
        self._broker = self._consumer = None
        self._unacknowledged.clear()
        if broker is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(broker.stop(), STOP_SECONDS)


def _headers(asked: Asked) -> dict[str, str]:
    """The command's headers, as the wire contract names them."""
    envelope = asked.envelope
    limit = {} if envelope.locations is None else {"Locations": envelope.locations}
    return {
        "content-type": "application/json",
        "Command-Type": envelope.command_type,
        "Request-Id": envelope.request_id,
        "Idempotency-Key": envelope.idempotency_key,
        "Actor-Id": envelope.actor_id,
        "Actor-Type": envelope.actor_type,
        "Source-System": envelope.source_system,
        "Tenant-Id": envelope.tenant_id,
        "traceparent": asked.span,
        **limit,
    }
