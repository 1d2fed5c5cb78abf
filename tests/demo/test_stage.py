"""The demo's own directory: emptied when it is a demo's, and never when it is somebody else's."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from deploy.demo import stage
from deploy.machine.trouble import OperatorError
from processes import ROOT
from servers import scratch

END_SECONDS = 100


def test_a_directory_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with (
        pytest.raises(OperatorError, match="not a demo's"),
        stage.running(tmp_path, workers=1, whole=False),
    ):
        pass
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_demo_works_again_after_it_was_stopped_or_killed_anywhere():
    with scratch() as directory:
        data_dir = directory / "demo"
        with _start(data_dir) as asked:
            _wait_for_line(asked, "opening stock:")
            asked.send_signal(signal.SIGINT)
            asked.communicate(timeout=END_SECONDS)
            assert asked.returncode == 130
        for words in ("starting Postgres", "left out:"):
            with _start(data_dir) as killed:
                _wait_for_line(killed, words)
                killed.kill()
        with _start(data_dir) as whole:
            said, _ = whole.communicate(timeout=END_SECONDS)
        assert whole.returncode == 0, said
        assert "verify passed" in said
        assert " 0 mismatches" in said


def _start(data_dir):
    environment = {name: value for name, value in os.environ.items() if name[:4] != "ERP_"}
    environment["PYTHONPATH"] = f"{ROOT / 'src'}:{ROOT}"
    command = [sys.executable, "-m", "deploy.main", "demo", "--weeks", "1"]
    return subprocess.Popen(
        [*command, "--data-dir", str(data_dir)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_for_line(process, words):
    deadline = time.monotonic() + END_SECONDS
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return
        assert time.monotonic() < deadline, said
    raise AssertionError(json.dumps(said, indent=1))
