"""What the workers count. Never an item, a user or a key as a label: those have no end."""

from prometheus_client import Counter, Gauge, Histogram

COMMANDS = Counter(
    "stockyard_commands", "Commands answered", ["module", "outcome"]
)  # outcome: applied, rejected, replayed, key_reused
DEAD_LETTERS = Counter(
    "stockyard_dead_letters", "Records no command was made of", ["module", "reason"]
)
DEAD_LETTER_SHARE = Gauge(
    "stockyard_dead_letter_share",
    "Of a partition's last records, when it last met a dead letter; a share above the limit halts",
    ["module"],
)
HALTS = Counter("stockyard_halts", "Times a module halted", ["module"])
REDELIVERED = Counter(
    "stockyard_redelivered", "Records that came again and were already applied", ["module"]
)
BATCH_COMMANDS = Histogram(
    "stockyard_batch_commands",
    "Records in a batch",
    ["module"],
    buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000),
)
BATCH_SECONDS = Histogram(
    "stockyard_batch_seconds",
    "Time from poll to commit",
    ["module"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)
RETRIES = Counter(
    "stockyard_batch_retries", "Batches tried again", ["module", "error", "sqlstate"]
)  # sqlstate: empty where Postgres did not say why, a lost connection above all
HALVED = Counter("stockyard_batches_halved", "Batches cut to find the guilty record", ["module"])
RESTARTS = Counter(
    "stockyard_member_restarts", "Times a member began anew", ["module", "error", "sqlstate"]
)
LOOP_AGE = Gauge("stockyard_loop_age_seconds", "Time since a module's loop last turned", ["module"])
LEASES_LOST = Counter("stockyard_leases_lost", "Shards another publisher took over", ["module"])
LAG = Gauge("stockyard_consumer_lag", "Records that wait", ["group", "topic", "partition"])


def cause(error: BaseException | None) -> tuple[str, str]:
    """An error as two labels: its class, and the SQLSTATE if Postgres gave one. Both are few."""
    return type(error).__name__, getattr(error, "sqlstate", None) or ""
