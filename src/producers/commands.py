"""The library's way in: a program hands over commands, checked before they leave for Kafka."""

from typing import NamedTuple

from producers.messages import ANY_PARTITION, Headers
from producers.publisher import DELIVERY_MS, Publisher
from schemas.commands import Command
from schemas.envelope import Envelope
from schemas.settings import Settings
from schemas.topics import commands_topic


class Sender(NamedTuple):
    """In whose name commands are sent."""

    actor_id: str
    actor_type: str
    source_system: str
    tenant_id: str | None = None


class CommandProducer:
    """Sends commands, in their order for each key. Not for several threads.

    Sending waits only when the queue is full; `settle` tells whether the broker has them all.
    """

    def __init__(self, settings: Settings) -> None:
        self._publisher = Publisher(settings)
        self._prefix = settings.topic_prefix
        self._default_tenant = settings.default_tenant
        self._source_systems = frozenset(settings.source_systems)

    def send(  # noqa: PLR0913  # one argument a header of the wire contract
        self,
        command: Command,
        *,
        request_id: str,
        idempotency_key: str,
        actor_id: str,
        actor_type: str,
        source_system: str,
        tenant_id: str | None = None,
        key: str | None = None,
        traceparent: str | None = None,
        reply_to: str | None = None,
    ) -> None:
        """Hand a command over, under the ordering `key` (by default the idempotency key).

        Raises:
            ValueError: a header that the worker would refuse (pydantic's ValidationError is one).
            PublishError: the queue stayed full: the broker takes nothing.
        """
        headers = {
            "Command-Type": command.TYPE,
            "Request-Id": request_id,
            "Idempotency-Key": idempotency_key,
            "Actor-Id": actor_id,
            "Actor-Type": actor_type,
            "Source-System": source_system,
        }
        optional = {"Tenant-Id": tenant_id, "traceparent": traceparent, "Reply-To": reply_to}
        headers.update((name, value) for name, value in optional.items() if value is not None)
        self._check(headers)
        self._publisher.send(
            [
                (
                    commands_topic(self._prefix, command.MODULE),
                    ANY_PARTITION,
                    (key or idempotency_key).encode(),
                    body(command),
                    _encoded(headers),
                )
            ]
        )

    def _check(self, headers: dict[str, str]) -> None:
        Envelope.model_validate({"Tenant-Id": self._default_tenant, **headers})
        if headers["Source-System"] not in self._source_systems:
            known = ", ".join(sorted(self._source_systems))
            raise ValueError(f"Source-System: must be one of {known}")

    def settle(self, within_seconds: float = DELIVERY_MS / 1000) -> None:
        """Wait until the broker has acknowledged all that was sent.

        Raises:
            PublishError: it has not, or it refused a message. Send again under the same
                idempotency keys: what did arrive is applied once.
        """
        self._publisher.settle(within_seconds)

    def close(self) -> None:
        """Give what is still on its way a last chance, then let go."""
        self._publisher.close()


def body(command: Command) -> bytes:
    """The canonical JSON of a command: quantities as strings, nothing that is null."""
    return command.__pydantic_serializer__.to_json(command, exclude_none=True)


def _encoded(headers: dict[str, str]) -> Headers:
    return [(name, value.encode()) for name, value in headers.items()]
