"""The declared topics brought into being on a broker, and compared with what is there."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from deploy.machine.trouble import OperatorError
from producers.kafka_config import client_config
from schemas.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

DECLARED = Path(__file__).with_name("topics.yaml")
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.02
COPIES_MAX = 3


class TopicsError(OperatorError):
    """A topic could not be made, or is there in another shape than declared."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as declared: its whole name, how many partitions, and its configuration."""

    name: str
    partitions: int
    config: dict[str, str]


def declared(prefix: str, file: Path = DECLARED) -> list[Topic]:
    """Every topic of the file, under the prefix in use."""
    content = yaml.safe_load(file.read_text())
    return [
        Topic(
            name=f"{prefix}.{entry['name']}",
            partitions=int(entry["partitions"]),
            config={key: _text(value) for key, value in entry.get("config", {}).items()},
        )
        for entry in content["topics"]
    ]


def existing(settings: Settings) -> dict[str, int]:
    """The partition counts of the topics that are there under our prefix."""
    metadata = _admin(settings).list_topics(timeout=WAIT_SECONDS)
    return {
        name: len(topic.partitions)
        for name, topic in sorted(metadata.topics.items())
        if name.startswith(f"{settings.topic_prefix}.")
    }


def apply_topics(settings: Settings, *, copies: int | None = None) -> list[str]:
    """Make what is missing and return its names; what is there must have the declared shape.

    A topic with other partitions than declared is an error, never "repaired": keys would move to
    other partitions, and with them the order and the progress of what was written before.
    `copies` is the replication factor, by default the configured one, or one a broker, at most
    three.
    """
    admin = _admin(settings)
    metadata = admin.list_topics(timeout=WAIT_SECONDS)
    wanted = declared(settings.topic_prefix)
    there = {name: len(topic.partitions) for name, topic in metadata.topics.items()}
    if wrong := _differing(wanted, there):
        raise TopicsError("\n".join(wrong))
    missing = [topic for topic in wanted if topic.name not in there]
    usual = settings.topic_copies or min(COPIES_MAX, len(metadata.brokers))
    _create(admin, missing, copies or usual)
    _wait_visible(admin, missing)
    return [topic.name for topic in missing]


def durability(copies: int) -> dict[str, str]:
    """A topic's configuration by which nothing acknowledged is lost with one of its copies.

    With three, two must have a record before it is acknowledged, and one may be away. No copy that
    lacks records ever leads, whoever else is away.
    """
    acknowledge = min(2, max(1, copies - 1))
    return {"min.insync.replicas": str(acknowledge), "unclean.leader.election.enable": "false"}


def _wait_visible(admin: "AdminClient", made: Sequence[Topic]) -> None:
    """Wait until the broker tells clients of them: it does so a moment after it has made them."""
    deadline = time.monotonic() + WAIT_SECONDS
    names = {topic.name for topic in made}
    while left := names - admin.list_topics(timeout=WAIT_SECONDS).topics.keys():
        if time.monotonic() > deadline:
            raise TopicsError(f"made, but not to be seen: {', '.join(sorted(left))}")
        time.sleep(POLL_SECONDS)


def _differing(wanted: Sequence[Topic], there: Mapping[str, int]) -> list[str]:
    return [
        f"topic {topic.name} has {there[topic.name]} partitions, declared are {topic.partitions}: "
        "change deploy/kafka/topics.yaml back, or use another ERP_TOPIC_PREFIX"
        for topic in wanted
        if topic.name in there and there[topic.name] != topic.partitions
    ]


def _create(admin: "AdminClient", missing: Sequence[Topic], copies: int) -> None:
    """Make them in one request; one that another process makes at the same time is as good."""
    from confluent_kafka import KafkaError, KafkaException  # noqa: PLC0415 (slow to import)
    from confluent_kafka.cimpl import NewTopic  # noqa: PLC0415  # slow to import

    new = [
        NewTopic(each.name, each.partitions, copies, config={**each.config, **durability(copies)})
        for each in missing
    ]
    answers = admin.create_topics(new, operation_timeout=WAIT_SECONDS) if new else {}
    for name, answer in answers.items():
        try:
            answer.result(WAIT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicsError(f"topic {name}: {error.args[0].str()}") from error


def _admin(settings: Settings) -> "AdminClient":
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415 (slow to import)

    return AdminClient(client_config(settings))


def _text(value: object) -> str:
    """Kafka takes text only, and writes truth in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
