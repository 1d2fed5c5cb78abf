"""What the projector counts. Never an item, a user or a key as a label: those have no end."""

from prometheus_client import Counter, Gauge, Histogram

PROJECTED = Counter("stockyard_projected_events", "Events and results folded", ["type"])
PASSED_OVER = Counter(
    "stockyard_projected_passed_over", "Events of types that no read table is made of", ["type"]
)
NO_NEWS = Counter(
    "stockyard_projected_duplicates", "Rows told again, or no newer than what stood", ["table"]
)
BATCH_EVENTS = Histogram(
    "stockyard_projected_batch_events",
    "Records in a batch",
    buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000),
)
BATCH_SECONDS = Histogram(
    "stockyard_projected_batch_seconds",
    "Time from poll to commit",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)
CPU_SECONDS = Counter(
    "stockyard_projected_cpu_seconds", "Processor time of the projector's thread", ["stage"]
)
SECONDS_BEHIND = Gauge(
    "stockyard_projected_seconds_behind", "Age of the oldest event of the last batch; 0 when idle"
)
RETRIES = Counter("stockyard_projected_retries", "Batches tried again", ["error"])
RESTARTS = Counter(
    "stockyard_projected_restarts", "Times it began anew from the database", ["error"]
)
