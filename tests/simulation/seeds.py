"""Many simulated days, over all processors: which seeds ended badly, and what happened in all of them."""

import logging
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

import structlog

from simulation.checks import violations
from simulation.world import World

SEEDS_PER_TASK = 25


@dataclass
class Days:
    """What some days came to."""

    wrong: dict[int, list[str]] = field(default_factory=dict)
    """By seed: what did not hold."""
    happened: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    commands: int = 0

    def __iadd__(self, other: "Days") -> Self:
        self.wrong |= other.wrong
        self.happened += other.happened
        self.steps += other.steps
        self.commands += other.commands
        return self


def day(seed: int) -> tuple[World, list[str]]:
    """One day, and what did not hold."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    world = World(seed)
    try:
        world.live()
    except Exception as error:  # noqa: BLE001  # whatever ends a day is what we look for
        return world, [f"{type(error).__name__}: {error}"]
    finally:
        structlog.reset_defaults()
    return world, violations(world)


def days(seeds: Iterable[int]) -> Days:
    """So many days, one after the other."""
    found = Days()
    for seed in seeds:
        world, wrong = day(seed)
        if wrong:
            found.wrong[seed] = wrong
        found.happened.update(world.happened)
        found.steps += world.turns.steps
        found.commands += len(world.day.sent)
    return found


def many_days(first: int, count: int) -> Days:
    """The same on all processors."""
    parts = [
        range(start, min(start + SEEDS_PER_TASK, first + count))
        for start in range(first, first + count, SEEDS_PER_TASK)
    ]
    found = Days()
    for part in _on_all_processors(parts):
        found += part
    return found


def _on_all_processors(parts: list[range]) -> Iterator[Days]:
    # Started anew and not forked: threads of the test's own would be missing in a copy.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        yield from pool.map(days, parts)


def course(seed: int) -> str:
    """A fingerprint of all that a seed leads to."""
    world, wrong = day(seed)
    told = [sorted(world.store.tables["journal"].items()), world.broker.topics, world.turns.steps]
    return sha256(repr((told, world.happened, wrong)).encode()).hexdigest()
