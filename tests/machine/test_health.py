"""A process tells of its health over HTTP, as Kubernetes and Prometheus ask for it."""

import json
from http.client import HTTPConnection

import pytest

from producers.health import Health, HealthServer


@pytest.fixture
def health():
    return Health("broker", "database", beat_seconds_max=30.0)


@pytest.fixture
def get(health):
    server = HealthServer(health, "127.0.0.1", 0)

    def ask(path):
        connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    yield ask
    server.close()


def test_it_is_ready_when_every_check_is(health, get):
    assert get("/readyz")[0] == 503
    health.set("broker")
    assert get("/readyz")[0] == 503
    health.set("database")
    assert get("/readyz")[0] == 200
    health.set("database", "waits for a lock")
    status, body = get("/readyz")
    assert status == 503
    assert json.loads(body)["checks"] == {"broker": "ok", "database": "waits for a lock"}


def test_a_loop_that_stands_still_is_not_alive(get, health):
    health.beat_seconds_max = 0.0
    assert get("/livez")[0] == 503
    health.beat_seconds_max = 30.0
    health.beat()
    assert get("/livez")[0] == 200


def test_its_numbers_are_there_for_prometheus(get):
    status, body = get("/metrics")
    assert status == 200
    assert b"# TYPE python_info gauge" in body


def test_anything_else_is_not_found(get):
    assert get("/")[0] == 404
