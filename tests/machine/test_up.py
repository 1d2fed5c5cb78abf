"""`stockyard up`, whole: it says when it is ready, stops in order, and leaves nobody behind."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from servers import scratch

READY_SECONDS = 90
STOP_SECONDS = 40
POLL_SECONDS = 0.05


@pytest.fixture(scope="module")
def home():
    """One directory for all: each test finds what the one before it left."""
    with scratch() as directory:
        yield directory


@contextmanager
def up(home: Path):
    """A running `stockyard up`, ready; whatever the test does to it, it is gone at the end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ERP_")}
    command = [sys.executable, "-m", "deploy.main", "up", "--data-dir", str(home), "--port", "0"]
    with (home / "up.err").open("w") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=inherited
        )
    try:
        yield process, _edge_when_ready(process, home)
    finally:
        process.terminate()
        process.communicate(timeout=STOP_SECONDS)


def _edge_when_ready(process, home):
    """The edge's address, told on the line before `ready`; the timeout of the test bounds it."""
    edge = process.stdout.readline().split()
    ready = process.stdout.readline().strip()
    assert (edge[:1], ready) == (["edge"], "ready"), (home / "up.err").read_text()
    return edge[1]


def _descendants(pid: int) -> set[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True, timeout=30
    )
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found = {pid}
    for _ in range(5):
        found |= {child for child, parent in pairs if parent in found}
    return found - {pid}


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it ends while we look
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _wait_until_gone(pids: set[int], within_seconds: float) -> set[int]:
    deadline = time.monotonic() + within_seconds
    while (left := {pid for pid in pids if _runs(pid)}) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return left


@pytest.fixture(scope="module")
def running(home):
    """One for the tests that leave it running."""
    with up(home) as found:
        yield found


def test_its_addresses_are_told_and_answer(running, home):
    _, edge = running
    where = urlsplit(edge)
    connection = HTTPConnection(where.hostname, where.port, timeout=30)
    connection.request("GET", "/readyz")
    assert connection.getresponse().status == 200
    connection.close()
    command = [sys.executable, "-m", "deploy.main", "env", "--data-dir", str(home)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    assert told["edge_url"] == edge
    assert _status(edge, "") == 401
    for command in told["token_commands"][:2]:
        token = subprocess.run(shlex.split(command), check=True, capture_output=True, timeout=60)
        assert _status(edge, token.stdout.decode().strip()) == 200
    with psycopg.connect(told["database_url"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def _status(edge, token):
    where = urlsplit(edge)
    connection = HTTPConnection(where.hostname, where.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}"}
    connection.request("GET", "/api/v1/inventory/availability", headers=headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def _key(home, *words):
    command = [sys.executable, "-m", "deploy.main", "key", *words, "--data-dir", str(home)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_key_is_made_shown_once_and_revoked(running, home):
    _, edge = running
    key = _key(home, "create", "shop", "--scope", "inventory:read").strip()
    assert _status(edge, key) == 200
    listed = _key(home, "list")
    assert key not in listed
    (kept,) = json.loads(listed)
    assert (kept["subject"], kept["revoked_at"]) == ("shop", None)
    _key(home, "revoke", kept["key_id"])
    deadline = time.monotonic() + 5
    while _status(edge, key) != 401:
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


@pytest.mark.usefixtures("running")
def test_a_second_one_on_the_same_directory_is_refused(home):
    command = [sys.executable, "-m", "deploy.main", "up", "--data-dir", str(home)]
    second = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert "held by another process" in second.stderr


def test_a_killed_worker_is_replaced(running, home):
    process, _ = running
    ours = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in _descendants(process.pid)}
    (worker,) = [pid for pid, words in ours.items() if words.endswith("\0worker\0")]
    os.kill(worker, signal.SIGKILL)
    assert _wait_until_gone({worker}, 10.0) == set()
    deadline = time.monotonic() + 30
    while "worker-1 died with code -9" not in (home / "up.err").read_text():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def test_asked_to_stop_it_ends_all_in_order_and_unforced(running, home):
    process, _ = running
    children = _descendants(process.pid)
    assert len(children) >= 6
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_SECONDS) == 0
    assert _wait_until_gone(children, 1.0) == set()
    assert "by force" not in (home / "up.err").read_text()


def test_killed_it_leaves_no_orphan_and_its_data_are_found_again(home):
    with up(home) as (process, edge):
        children = _descendants(process.pid)
        process.kill()
        process.wait(10)
        assert _wait_until_gone(children, STOP_SECONDS) == set()
    with up(home) as (_, again):
        assert again == edge
