"""What the soak stands on: the processes that should live, and what they may use of the machine."""

from dataclasses import dataclass, field
from pathlib import Path

from edges import Edge, start_edge
from faulty_network import FaultyNetwork
from pipelines import Pipeline
from processes import Process
from servers import OwnServer

WORKERS = 3
BATCH = 200
GROWTH_SHARE, GROWTH_MEGABYTES = 1.5, 60.0
"""How much more memory a process may have than when it was first looked at."""
MEGABYTES_MAX = 700.0
DESCRIPTORS_MORE_MAX = 40
SESSIONS_MAX = 60


@dataclass
class Ground:
    """Stockyard on servers and networks of its own."""

    pipeline: Pipeline
    servers: dict[str, OwnServer]
    networks: dict[str, FaultyNetwork]
    ours: dict[str, str]
    """The settings that lead our processes through the networks."""
    living: dict[str, Process] = field(default_factory=dict)
    edge: Edge | None = None
    first: dict[int, tuple[float, int]] = field(default_factory=dict)
    """By process id: megabytes and descriptors when it was first looked at."""
    most: dict[str, float] = field(default_factory=dict)
    """By kind of process: the most megabytes that one ever had."""

    def begin(self) -> None:
        for number in range(WORKERS):
            self.start(f"worker-{number}")
        self.start("relay")
        self.start("projector")
        self.edge = start_edge(self.pipeline, **self.ours)
        self.living["edge"] = self.edge.process

    def start(self, name: str) -> None:
        """A process under the name that it, or one before it, is known by."""
        if name.startswith("worker"):
            self.living[name] = self.pipeline.start(batch_records_max=BATCH, **self.ours)
        else:
            self.living[name] = self.pipeline.run(name, **self.ours)

    def end(self, name: str) -> Process:
        """Let go of a process that is about to end on purpose."""
        return self.living.pop(name)

    def gave_up(self) -> list[str]:
        """Those that ended though nobody had asked them to."""
        return [
            f"{name} ended by itself: {each.says()[-500:]}"
            for name, each in self.living.items()
            if not each.lives()
        ]

    def forget_the_dead(self) -> None:
        """Their logs are of no interest to a soak that went well."""
        for kept in (self.pipeline.workers, self.pipeline.others):
            kept[:] = [each for each in kept if each.lives()]

    def heal(self) -> None:
        for network in self.networks.values():
            network.heal()

    def look(self) -> list[str]:
        """What outgrew its bounds since it was first looked at."""
        wrong = [line for name, each in self.living.items() for line in self._look_at(name, each)]
        sessions = self.pipeline.query(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'stockyard%%'"
        )[0][0]
        if sessions > SESSIONS_MAX:
            wrong.append(f"{sessions} sessions with Postgres")
        own = sum(1 for _ in Path("/proc/self/fd").iterdir())
        print(f"  {sessions} sessions, {own} descriptors of the test")  # noqa: T201  # shown with the test
        return wrong

    def _look_at(self, name: str, each: Process) -> list[str]:
        megabytes, descriptors = each.memory_megabytes(), each.descriptors()
        kind = name.partition("-")[0]
        self.most[kind] = max(megabytes, self.most.get(kind, 0.0))
        pid = each.process.pid
        before, open_before = self.first.setdefault(pid, (megabytes, descriptors))
        print(f"  {name}: {megabytes:.0f} MB ({before:.0f} at first), {descriptors} descriptors")  # noqa: T201  # shown with the test
        found = []
        if megabytes > min(MEGABYTES_MAX, before * GROWTH_SHARE + GROWTH_MEGABYTES):
            found.append(f"{name} grew from {before:.0f} to {megabytes:.0f} MB")
        if descriptors > open_before + DESCRIPTORS_MORE_MAX:
            found.append(f"{name} went from {open_before} to {descriptors} descriptors")
        return found
