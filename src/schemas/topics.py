"""Every topic there is: its name, its partitions, and the shard that a partition of commands feeds.

`deploy/kafka/topics.yaml` states the same for operators; a test holds the two together.
"""

from typing import Final

MODULES: Final = (
    "catalog",
    "reservations",
    "stock",
    "transfers",
    "counting",
    "procurement",
    "receiving",
    "fulfillment",
    "manufacturing",
    "requests",
    "scanning",
    "planning",
    "workflow",
    "cutover",
    "costing",
)
"""One module is one command topic, one consumer group and one events topic. Append only: a
module's place in this list is part of its shards' numbers."""

COMMAND_PARTITIONS: Final = 4
RESULT_PARTITIONS: Final = 4
PARTITIONS_MAX: Final = 256
DEFAULT_PREFIX: Final = "stockyard"

DAY_MS: Final = 86_400_000
DECLARED: Final[dict[str, tuple[int, dict[str, str]]]] = {
    **{
        f"commands.{module}": (COMMAND_PARTITIONS, {"retention.ms": str(14 * DAY_MS)})
        for module in MODULES
    },
    # An event goes to the partition that its command came from, so that one partition of events
    # has one writer and stands in the order of that shard's journal.
    **{
        f"events.{module}": (COMMAND_PARTITIONS, {"retention.ms": str(14 * DAY_MS)})
        for module in MODULES
    },
    "results": (RESULT_PARTITIONS, {"retention.ms": str(3 * DAY_MS)}),
    "deadletter": (COMMAND_PARTITIONS, {"retention.ms": str(90 * DAY_MS)}),
}
"""Topic name without its prefix: its partitions and its configuration beyond the common one."""

COMMON_CONFIG: Final = {
    "cleanup.policy": "delete",
    "max.message.bytes": "2097152",
    # Records age by the broker's clock. By their sender's, one that is an hour ahead could send
    # nothing at all, and the records of one that is weeks behind would be gone at once.
    "message.timestamp.type": "LogAppendTime",
}


def commands_topic(prefix: str, module: str) -> str:
    """The topic that carries a module's commands."""
    return f"{prefix}.commands.{module}"


def events_topic(prefix: str, module: str) -> str:
    """The topic that carries a module's domain events."""
    return f"{prefix}.events.{module}"


def results_topic(prefix: str) -> str:
    """The topic that carries the result of every command."""
    return f"{prefix}.results"


def deadletter_topic(prefix: str) -> str:
    """The topic for records that nobody can apply."""
    return f"{prefix}.deadletter"


def consumer_group(prefix: str, module: str) -> str:
    """The consumer group that applies a module's commands."""
    return f"{prefix}.{module}"


def shard_of(module: str, partition: int) -> int:
    """The number of the shard that (module, partition) feeds; the same in every database."""
    return (MODULES.index(module) + 1) * PARTITIONS_MAX + partition


def module_of(shard: int) -> str:
    """The module that feeds a shard."""
    return MODULES[shard // PARTITIONS_MAX - 1]


def partition_of(shard: int) -> int:
    """The partition that feeds a shard."""
    return shard % PARTITIONS_MAX
