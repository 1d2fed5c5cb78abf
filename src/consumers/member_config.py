"""How a member of a consumer group behaves: what it fetches, and how long the group waits for it."""

from typing import Any, Final

from producers.kafka_config import client_config
from schemas.settings import Settings

_CONFIG: Final[dict[str, Any]] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    # Never a silent jump: an offset that is not there halts the worker.
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    "partition.assignment.strategy": "cooperative-sticky",
    "fetch.wait.max.ms": 250,
    "fetch.message.max.bytes": 2_097_152,
    "queued.max.messages.kbytes": 32_768,
    "reconnect.backoff.max.ms": 1_000,
    # What has not answered for so long is a connection that nobody serves any more.
    "socket.timeout.ms": 10_000,
}


def member_config(settings: Settings, group: str) -> dict[str, Any]:
    """The configuration of a librdkafka consumer.

    Never `group.instance.id`: two workers started alike must be two members.
    """
    return {**client_config(settings), **_CONFIG, **_patience(settings), "group.id": group}


def _patience(settings: Settings) -> dict[str, int]:
    """How long the group waits for a silent member, and how often one must speak."""
    session_ms = int(settings.consumer_session_seconds * 1000)
    poll_ms = int(settings.consumer_poll_seconds_max * 1000)
    return {
        "session.timeout.ms": session_ms,
        "heartbeat.interval.ms": session_ms // 5,
        "max.poll.interval.ms": max(poll_ms, session_ms),
    }
