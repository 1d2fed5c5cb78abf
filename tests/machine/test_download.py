"""Fetching pinned files from a repository that fails in the ways repositories fail."""

import hashlib
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from deploy.machine import download
from deploy.machine.download import Artifact, DownloadError, fetch

CONTENT = {f"org/jar-{number}.jar": bytes([number]) * 100_000 for number in range(4)}
PINNED = [
    Artifact(path, hashlib.sha256(content).hexdigest(), len(content))
    for path, content in CONTENT.items()
]


class Repository(BaseHTTPRequestHandler):
    """Serves the files; breaks off in the middle of those that it was told to break."""

    asked: list[str]
    broken: dict[str, int]
    content: dict[str, bytes]

    def do_GET(self):
        path = self.path.removeprefix("/")
        self.asked.append(path)
        body = self.content[path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.broken.get(path, 0) > 0:
            self.broken[path] -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def repository(monkeypatch, tmp_path):
    handler = type("Handler", (Repository,), {"asked": [], "broken": {}, "content": dict(CONTENT)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("ERP_MAVEN_URL", f"http://127.0.0.1:{server.server_address[1]}/")
    monkeypatch.setenv("ERP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.01)
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_files_are_fetched_once_and_then_taken_from_the_cache(repository):
    assert [file.read_bytes() for file in fetch(PINNED, name="jars")] == list(CONTENT.values())
    fetch(PINNED, name="jars")
    assert sorted(repository.asked) == sorted(CONTENT)


def test_a_broken_transfer_is_tried_again(repository):
    repository.broken = {PINNED[0].path: 2}
    fetch(PINNED, name="jars")
    assert repository.asked.count(PINNED[0].path) == 3


def test_an_interrupted_fetch_goes_on_with_what_is_missing(repository):
    repository.broken = {PINNED[3].path: 99}
    with pytest.raises(DownloadError, match="ERP_MAVEN_URL"):
        fetch(PINNED, name="jars")
    repository.broken, before = {}, len(repository.asked)
    fetch(PINNED, name="jars")
    assert repository.asked[before:] == [PINNED[3].path]


def test_a_file_that_is_not_the_pinned_one_is_refused_and_not_kept(repository, tmp_path):
    repository.content[PINNED[1].path] = b"\x09" * 100_000
    with pytest.raises(DownloadError, match="not the file that was pinned"):
        fetch(PINNED[1:2], name="jars")
    assert not (tmp_path / "cache" / "maven" / PINNED[1].path).exists()


def test_a_damaged_file_of_the_cache_is_fetched_anew(repository):
    (file,) = fetch(PINNED[:1], name="jars")
    file.write_bytes(b"\x09" * 100_000)
    assert fetch(PINNED[:1], name="jars")[0].read_bytes() == CONTENT[PINNED[0].path]
    assert len(repository.asked) == 2


def test_two_processes_at_once_fetch_each_file_once(repository):
    program = (
        "from test_download import PINNED; from deploy.machine.download import fetch;"
        "fetch(PINNED, name='jars')"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", program], cwd="tests/machine") for _ in range(2)
    ]
    assert [each.wait(60) for each in both] == [0, 0]
    assert sorted(repository.asked) == sorted(CONTENT)
