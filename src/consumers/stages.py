"""What the stages of the loop cost: processor time by stage, so that the next bottleneck is known."""

from time import thread_time

from prometheus_client import Counter

CPU_SECONDS = Counter(
    "stockyard_stage_cpu_seconds", "Processor time of the worker's own thread", ["module", "stage"]
)


class Stages:
    """A stopwatch of processor time; each stage is charged with what passed since the last."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._last = thread_time()

    def passed(self, stage: str) -> None:
        """Charge a stage with the time since the last call."""
        now = thread_time()
        CPU_SECONDS.labels(self._module, stage).inc(now - self._last)
        self._last = now
