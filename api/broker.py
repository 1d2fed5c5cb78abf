"""The edge's client of the broker: FastStream over aiokafka, every option that matters spelt out."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, TopicPartition
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from producers.kafka_config import aiokafka_config
from schemas.settings import Settings
from schemas.topics import RESULT_PARTITIONS, results_topic

RESULTS_PER_POLL: Final = 2000
# FastStream sleeps as long again after an empty poll, and is deaf meanwhile.
POLL_MS: Final = 5


def edge_broker(
    settings: Settings, settle: Callable[[Sequence[Any]], Awaitable[None]]
) -> tuple[KafkaBroker, Any]:
    """The FastStream broker that publishes commands and hears all results, in no group."""
    broker = KafkaBroker(
        aiokafka_config(settings)["bootstrap_servers"],
        client_id="stockyard-edge",
        security=_security(settings),
        acks="all",
        enable_idempotence=True,
        linger_ms=0,  # a batch grows while the one before it is under way
        max_batch_size=262_144,
        max_request_size=2_097_152,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
        metadata_max_age_ms=60_000,
        allow_auto_create_topics=False,
        logger=logging.getLogger("stockyard.edge"),
        log_level=logging.DEBUG,
        apply_types=False,
    )
    subscriber = broker.subscriber(
        partitions=[
            TopicPartition(results_topic(settings.topic_prefix), number)
            for number in range(RESULT_PARTITIONS)
        ],
        batch=True,
        ack_policy=AckPolicy.MANUAL,  # there is nothing to acknowledge without a group
        auto_offset_reset="latest",
        batch_timeout_ms=POLL_MS,
        max_records=RESULTS_PER_POLL,
        fetch_max_wait_ms=500,
        parser=_unread,
        decoder=_raw,
        no_reply=True,
    )
    subscriber(settle)
    return broker, subscriber


async def _unread(records: object) -> KafkaMessage:
    """A batch of records as they are: FastStream's parser drops one whose headers are not UTF-8."""
    return KafkaMessage(raw_message=records, body=b"", headers={}, consumer=None)  # type: ignore[arg-type]  # nothing reads it


async def _raw(message: KafkaMessage) -> object:
    return message.raw_message


def _security(settings: Settings) -> BaseSecurity | None:
    """Encryption and who we are, in FastStream's words."""
    config = aiokafka_config(settings)
    context = config.get("ssl_context")
    if "sasl_mechanism" in config:
        kind = {
            "PLAIN": SASLPlaintext,
            "SCRAM-SHA-256": SASLScram256,
            "SCRAM-SHA-512": SASLScram512,
        }[config["sasl_mechanism"]]
        return kind(
            username=config["sasl_plain_username"],
            password=config["sasl_plain_password"],
            ssl_context=context,
            use_ssl=context is not None,
        )
    return BaseSecurity(ssl_context=context, use_ssl=True) if context is not None else None
