"""The root script makes its environment whatever was left behind, and whoever else is at it."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600

pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS)]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what git knows, with nothing made in it yet."""
    listed = subprocess.run(
        ["git", "ls-files"], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    for name in filter(lambda each: (ROOT / each).exists(), listed.stdout.splitlines()):
        target = tmp_path / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    yield tmp_path / "checkout"
    shutil.rmtree(tmp_path)  # an environment and its cache are a gigabyte


def begin(checkout: Path, home: Path) -> subprocess.Popen:
    """The script on a machine with an empty home and nothing on the PATH but the system's."""
    home.mkdir(exist_ok=True)
    bare = {"PATH": f"{home}:/usr/bin:/bin", "HOME": str(home)}
    kept = {name: value for name, value in os.environ.items() if name.startswith("SSL_")}
    python = home / "python3.11"
    if not python.exists():
        python.symlink_to(shutil.which("python3.11") or shutil.which("python3"))
    return subprocess.Popen(
        [checkout / "stockyard", "doctor", "--help"],
        cwd=home,
        env={**kept, **bare},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, output
    return output


@pytest.mark.parametrize("after_seconds", [0.5, 2.0, 3.5])
def test_a_killed_set_up_is_made_good_by_the_next_run(checkout, tmp_path, after_seconds):
    first = begin(checkout, tmp_path / "home")
    time.sleep(after_seconds)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    assert "Look at the machine" in finish(begin(checkout, tmp_path / "home"))


def test_two_at_once_make_one_environment(checkout, tmp_path):
    both = [begin(checkout, tmp_path / "home") for _ in range(2)]
    outputs = [finish(each) for each in both]
    assert sum("making this checkout's" in output for output in outputs) == 1
    assert all("Look at the machine" in output for output in outputs)


def test_it_is_made_once_and_again_when_the_lock_changes(checkout, tmp_path):
    finish(begin(checkout, tmp_path / "home"))
    began = time.monotonic()
    assert "making" not in finish(begin(checkout, tmp_path / "home"))
    assert time.monotonic() - began < 10
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    assert "making" in finish(begin(checkout, tmp_path / "home"))
