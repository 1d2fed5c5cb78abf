"""The `stockyard` command as an operator meets it: addresses, answers, exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.machine import issuer

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


def stockyard(*words, **environment):
    """Run the command with nothing of ours in the environment but what is given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ERP_")}
    return subprocess.run(
        [sys.executable, "-m", "deploy.main", *words],
        check=False,
        capture_output=True,
        text=True,
        env={**inherited, **environment},
        timeout=SECONDS,
    )


def test_a_healthy_machine_passes(tmp_path):
    done = stockyard("doctor", "--data-dir", str(tmp_path))
    assert done.returncode == 0, done.stdout
    subjects = re.findall(r"^\w+ +([\w' ]+):", done.stdout, re.MULTILINE)
    assert {"python", "disk", "memory", "java", "postgres", "docker"} <= set(subjects)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ERP_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "check ERP_DATABASE_URL"),
        ({"ERP_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, "check ERP_KAFKA_BOOTSTRAP_SERVERS"),
        (
            {"ERP_CACHE_DIR": "/tmp/stockyard-none", "ERP_MAVEN_URL": "http://127.0.0.1:1"},  # noqa: S108  # not there
            "set ERP_MAVEN_URL to a mirror",
        ),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(environment, words, tmp_path):
    done = stockyard("doctor", "--data-dir", str(tmp_path), **environment)
    assert done.returncode == 1
    assert words in done.stdout
    assert "BAD" in done.stdout


def test_addresses_are_the_environments_when_it_names_servers():
    own = {"ERP_DATABASE_URL": "postgresql://db/x", "ERP_KAFKA_BOOTSTRAP_SERVERS": "broker:9092"}
    answer = json.loads(stockyard("env", **own).stdout)
    assert answer["database_url"] == answer["read_database_url"] == "postgresql://db/x"
    assert answer["bootstrap_servers"] == "broker:9092"


def test_without_any_servers_the_message_says_what_to_do(tmp_path):
    done = stockyard("env", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "stockyard up --data-dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_usage_is_told_from_failure():
    assert stockyard("no-such-verb").returncode == 2
    assert stockyard("up", "--workers", "many").returncode == 2


def test_docker_without_an_engine_is_explained():
    done = stockyard("test", "--servers", "docker", DOCKER_HOST="unix:///nowhere.sock")
    assert done.returncode == 1
    assert "needs a Docker engine" in done.stderr


@pytest.mark.parametrize(("words", "code"), [(["-k", "no_such_test"], 1), (["--no-such"], 2)])
def test_pytests_verdict_is_passed_on(words, code):
    assert stockyard("test", "tests/machine/test_command.py", *words).returncode == code


def test_no_file_names_a_package_registry():
    """Registries are reached by the clients' own configuration, so that mirrors work."""
    host = re.compile(r"https?://[\w.-]*(maven|pypi|pythonhosted|npmjs|crates|debian)[\w.-]*/")
    listed = subprocess.run(
        ["git", "ls-files"], check=True, capture_output=True, text=True, cwd=ROOT, timeout=SECONDS
    )
    texts = {name: (ROOT / name).read_text(errors="replace") for name in listed.stdout.split()}
    assert [name for name, text in texts.items() if host.search(text)] == []


def test_a_token_is_printed_for_what_it_is_asked_for(tmp_path):
    issuer.ensure(tmp_path)
    done = stockyard("token", "--data-dir", str(tmp_path), "--scope", "inventory:read")
    assert (done.returncode, done.stdout.count(".")) == (0, 2)
    rotated = stockyard("token", "--data-dir", str(tmp_path), "--rotate")
    heads = {each.stdout.partition(".")[0] for each in (done, rotated)}
    assert (rotated.returncode, len(heads)) == (0, 2)


@pytest.mark.parametrize(
    ("words", "environment", "code", "told"),
    [
        (["--scope", "inventory:delete"], {}, 2, "inventory:read"),
        (["--role", "king"], {}, 2, "viewer"),
        ([], {"ERP_AUTH_JWKS_URL": "https://id.example/keys"}, 1, "issuer of yours"),
        ([], {}, 1, "stockyard up"),
    ],
)
def test_a_token_that_cannot_be_is_told_why(words, environment, code, told, tmp_path):
    done = stockyard("token", "--data-dir", str(tmp_path), *words, **environment)
    assert done.returncode == code
    assert told in " ".join(done.stderr.replace("\u2502", " ").split())


def test_an_edge_that_would_believe_nobody_does_not_start(tmp_path):
    servers = {
        "ERP_DATABASE_URL": "postgresql://127.0.0.1:1/x",
        "ERP_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    done = stockyard("edge", "--data-dir", str(tmp_path), **servers)
    assert done.returncode == 1
    assert "ERP_AUTH_JWKS_URL" in done.stdout + done.stderr
