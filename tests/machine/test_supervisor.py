"""Parts are revived when they die, given up when they die too often, and ended in order."""

import signal
import subprocess
import sys
import time

import pytest

from deploy.machine import supervisor as module
from deploy.machine.children import Child, spawn
from deploy.machine.supervisor import Part, PartError, Supervisor

SLEEPS = "import time; time.sleep(60)"
IGNORES = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
DIES = "print('out of wood'); raise SystemExit(7)"


@pytest.fixture
def watch():
    watcher = Supervisor()
    yield watcher
    watcher.kill()


@pytest.fixture
def part(tmp_path):
    def make(name, program, **more):
        log = tmp_path / f"{name}.log"
        return Part(
            name=name,
            start=lambda: spawn(Child([sys.executable, "-c", program], log=log)),
            ready=more.pop("ready", lambda: True),
            log=log,
            stop_rank=more.pop("rank", 0),
            **more,
        )

    return make


def test_a_part_that_keeps_dying_is_given_up_with_the_end_of_its_log(watch, part, monkeypatch):
    monkeypatch.setattr(module, "BACKOFF_SECONDS", 0.01)
    watch.start(part("saw", DIES, ready=lambda: False))
    with pytest.raises(PartError, match=r"(?s)saw died 5 times in a row.*code 7.*out of wood"):
        watch.wait_ready(within_seconds=60)


def test_a_part_that_dies_is_started_again(watch, part, monkeypatch, capfd):
    monkeypatch.setattr(module, "BACKOFF_SECONDS", 0.01)
    watch.start(part("saw", SLEEPS))
    (running,) = watch.parts
    first = running.process
    first.kill()
    first.wait(10)
    deadline = time.monotonic() + 10
    while running.process is first and time.monotonic() < deadline:
        watch.turn()
    assert running.process.poll() is None
    assert "saw died with code -9" in capfd.readouterr().err


def test_a_part_that_does_not_move_is_killed_and_started_again(watch, part, monkeypatch, capfd):
    monkeypatch.setattr(module, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(module, "STILL_SECONDS", 0.1)
    still = True
    watch.start(part("saw", SLEEPS, alive=lambda: not still))
    (running,) = watch.parts
    first = running.process
    deadline = time.monotonic() + 10
    while running.process is first and time.monotonic() < deadline:
        watch.turn()
    assert first.returncode == -signal.SIGKILL
    assert "saw has not moved for" in capfd.readouterr().err
    still, second = False, running.process
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        watch.turn()
    assert running.process is second, "one that moves is let be"


def test_what_never_gets_ready_is_named(watch, part):
    watch.start(part("saw", SLEEPS, ready=lambda: False))
    with pytest.raises(PartError, match="not ready after 0 s: saw"):
        watch.wait_ready(within_seconds=0.2)


def test_parts_end_by_rank(watch, part, monkeypatch):
    ended = []
    monkeypatch.setattr(
        module, "_stop_together", lambda rank: ended.append([each.part.name for each in rank])
    )
    for name, rank in [("kafka", 2), ("worker-1", 1), ("worker-2", 1), ("edge", 0)]:
        watch.start(part(name, SLEEPS, rank=rank))
    processes = [each.process for each in watch.parts]
    watch.stop()
    assert ended == [["edge"], ["worker-1", "worker-2"], ["kafka"]]
    for process in processes:
        process.kill()
        process.wait(10)


def test_a_part_that_does_not_end_in_time_is_killed(watch, part):
    stubborn = part("stubborn", IGNORES, stop_seconds=0.3)
    watch.start(stubborn)
    (running,) = watch.parts
    deadline = time.monotonic() + 10
    while not stubborn.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not watch.stop()
    assert running.process.returncode == -signal.SIGKILL


def test_a_child_ends_with_its_parent(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from deploy.machine.children import *;"
        f"child = spawn(Child([sys.executable, '-c', {SLEEPS!r}], log=Path({str(tmp_path)!r}, 'l')));"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(child)


def alive(pid: int) -> bool:
    """Whether it still runs; one that nobody has buried yet does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123  # not ours to keep
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
