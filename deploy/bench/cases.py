"""The cases of the bench: each measures ours and its reference in turn, and reports the ratios."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from deploy.bench import pgbench
from deploy.bench.drained import Drained, drain
from deploy.bench.history import HISTORY, grow
from deploy.bench.stage import Stage
from deploy.machine.says import say

UNIFORM_ITEMS: Final = 10_000
BASKET_LINES: Final = 10
WARM_COMMANDS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Size:
    """How long a run of the bench takes."""

    commands: int
    rounds: int
    pgbench_seconds: int
    workers: int


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the report: ours, the reference's, and the median of the ratios by round."""

    case: str
    ours: str
    reference: str
    ratio: str
    detail: str = ""


def uniform(stage: Stage, size: Size) -> Iterator[Row]:
    """Reservations of one line, evenly over 10,000 items."""
    yield from _against_pgbench(stage, size, "uniform", UNIFORM_ITEMS)


def hot(stage: Stage, size: Size) -> Iterator[Row]:
    """The same, all of one item."""
    yield from _against_pgbench(stage, size, "hot", 1)


def _against_pgbench(stage: Stage, size: Size, name: str, items: int) -> Iterator[Row]:
    ours = stage.case(f"{name}_ours", items)
    theirs = stage.case(f"{name}_pgbench", items)
    scratch = scratch_of(stage)
    drain(stage, ours, commands=WARM_COMMANDS, items=items, workers=size.workers, run="warm")
    length = pgbench.record_bytes(ours)
    _, clients = pgbench.best(theirs, items, size.pgbench_seconds, scratch, length)
    found: list[Drained] = []
    rates: list[float] = []
    for number in range(size.rounds):
        # Before and after: the machine's speed changes by the minute.
        before = pgbench.rate(theirs, items, clients, size.pgbench_seconds, scratch, length)
        found.append(
            drain(
                stage,
                ours,
                commands=size.commands,
                items=items,
                workers=size.workers,
                run=f"{name}{number}",
            )
        )
        after = pgbench.rate(theirs, items, clients, size.pgbench_seconds, scratch, length)
        rates.append((before + after) / 2)
        say(f"{name}: {found[-1].per_second:,.0f} a second, pgbench {rates[-1]:,.0f}")
    ratios = [each.per_second / rate for each, rate in zip(found, rates, strict=True)]
    yield Row(
        f"{name}, {size.workers} workers",
        spread([each.per_second for each in found]),
        f"{spread(rates)} ({clients} clients)",
        f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})",
        f"{_costs(found[-1])}; journal {length} bytes a command",
    )
    stage.drop(ours)
    stage.drop(theirs)


def workers(stage: Stage, size: Size) -> Iterator[Row]:
    """One worker process against two, in turn."""
    settings = stage.case("workers", UNIFORM_ITEMS)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for number in range(size.rounds):
        for count, found in rates.items():
            name = f"w{count}-{number}"
            run = drain(
                stage,
                settings,
                commands=size.commands,
                items=UNIFORM_ITEMS,
                workers=count,
                run=name,
            )
            found.append(run.per_second)
    ratio = median(two / one for one, two in zip(rates[1], rates[2], strict=True))
    yield Row("two workers against one", spread(rates[2]), spread(rates[1]), f"{ratio:.2f}")
    stage.drop(settings)


def baskets(stage: Stage, size: Size) -> Iterator[Row]:
    """Reservations of ten lines; the reference is one line each, in the same database."""
    settings = stage.case("baskets", UNIFORM_ITEMS)
    ones: list[float] = []
    tens: list[float] = []
    for number in range(size.rounds):
        for lines, found in ((1, ones), (BASKET_LINES, tens)):
            commands = size.commands // (4 if lines > 1 else 1)
            name = f"b{lines}-{number}"
            run = drain(
                stage,
                settings,
                commands=commands,
                items=UNIFORM_ITEMS,
                lines=lines,
                workers=size.workers,
                run=name,
            )
            found.append(run.per_second * lines)
    ratio = median(ten / one for one, ten in zip(ones, tens, strict=True))
    yield Row("lines a second in baskets of 10", spread(tens), spread(ones), f"{ratio:.2f}")
    stage.drop(settings)


def history(stage: Stage, size: Size) -> Iterator[Row]:
    """A database with a past against an empty one, in turn."""
    empty = stage.case("history_empty", UNIFORM_ITEMS)
    old = stage.case("history_old", UNIFORM_ITEMS)
    say(f"making history: {HISTORY}")
    grow(old)
    rates: dict[str, list[float]] = {"empty": [], "old": []}
    for number in range(size.rounds):
        for name, settings in (("empty", empty), ("old", old)):
            run = drain(
                stage,
                settings,
                commands=size.commands,
                items=UNIFORM_ITEMS,
                workers=size.workers,
                run=f"h{number}",
            )
            rates[name].append(run.per_second)
            say(f"history, {name}: {run.per_second:,.0f} a second")
    ratio = median(o / e for o, e in zip(rates["old"], rates["empty"], strict=True))
    yield Row(
        "with 5 M keys and 10 M ledger rows",
        spread(rates["old"]),
        spread(rates["empty"]),
        f"{ratio:.2f}",
    )
    stage.drop(old)
    stage.drop(empty)


def memory(stage: Stage, size: Size) -> Iterator[Row]:
    """Resident memory of each worker after a million commands."""
    settings = stage.case("memory", UNIFORM_ITEMS)
    run = drain(
        stage,
        settings,
        commands=1_000_000,
        items=UNIFORM_ITEMS,
        workers=size.workers,
        run="million",
    )
    said = ", ".join(f"{name} {megabytes:.0f} MB" for name, megabytes in run.memory_mb.items())
    yield Row("memory after a million commands", said, "", "", f"{run.per_second:,.0f} a second")
    stage.drop(settings)


CASES: Final[dict[str, Callable[[Stage, Size], Iterator[Row]]]] = {
    "uniform": uniform,
    "hot": hot,
    "workers": workers,
    "baskets": baskets,
    "history": history,
    "memory": memory,
}


def spread(values: list[float]) -> str:
    """The median, and how far the rounds lay apart."""
    return f"{median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def _costs(run: Drained) -> str:
    by_kind = ", ".join(f"{kind} {us:.0f}" for kind, us in sorted(run.cpu_us.items()))
    by_stage = ", ".join(f"{name} {us:.1f}" for name, us in run.stages_us.items())
    return f"CPU us a command: {by_kind}; worker's stages: {by_stage}"


def scratch_of(stage: Stage) -> Path:
    """Where pgbench's script and its count of runs are kept."""
    folder = stage.data_dir / "pgbench"
    folder.mkdir(exist_ok=True)
    return folder
