"""How often a client may ask, what browsers are told, and that no log holds a secret."""

import uuid
from types import SimpleNamespace

import httpx2
import pytest

from deploy.machine.ports import free_port
from identities import bearing, jwks_file, token
from processes import eventually, start
from running import AVAILABILITY, RESERVATIONS, headers, order


@pytest.fixture(scope="module")
def strict(stockyard, tmp_path_factory):
    """A second edge, which lets a client ask five times, and tells its log everything."""
    port, log = free_port(), tmp_path_factory.mktemp("strict") / "edge.log"
    process = start(
        stockyard.settings,
        log,
        "edge",
        http_port=port,
        auth_jwks_file=jwks_file(),
        rate_requests_max=5,
        rate_window_seconds=600,
        log_level="DEBUG",
    )
    process.health_port = port
    eventually("the edge is ready", process.is_ready)
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield SimpleNamespace(http=client, says=process.says)
    process.kill()


def test_a_client_that_asks_too_often_is_told_when_to_come_back(strict):
    mine, other = (bearing(subject=f"busy-{uuid.uuid4().hex}") for _ in range(2))
    seen = [strict.http.get(AVAILABILITY, headers=mine) for _ in range(6)]
    assert [each.status_code for each in seen] == [200] * 5 + [429]
    assert {each.headers["ratelimit-policy"] for each in seen} == {'"client";q=5;w=600'}
    assert [each.headers["ratelimit"].split(";")[1] for each in seen] == [
        f"r={left}" for left in (4, 3, 2, 1, 0, 0)
    ]
    assert seen[-1].json()["type"].endswith("/too-many-requests")
    assert 60 < int(seen[-1].headers["retry-after"]) <= 120
    assert strict.http.get(AVAILABILITY, headers=other).status_code == 200
    assert strict.http.get("/livez").status_code == 200
    assert "ratelimit" not in strict.http.get("/livez").headers


@pytest.mark.parametrize("path", ["/livez", AVAILABILITY, "/nowhere", "/asyncapi"])
def test_browsers_are_told_to_keep_and_guess_nothing(stockyard, path):
    told = stockyard.get(path).headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "no-referrer"
    assert told["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in told["content-security-policy"]


def test_no_log_holds_what_proves_who_somebody_is(strict):
    good = token(subject="careful")
    shown = [good, token(seconds=-3600.0), good + "x", "sy_" + "k" * 43, "not-a-token-but-a-secret"]
    for each in shown:
        told = {**headers(), "Authorization": f"Bearer {each}"}
        strict.http.get(AVAILABILITY, headers=told)
        strict.http.post(RESERVATIONS, headers=told, json=order("NOTHING"))
        strict.http.post(RESERVATIONS, headers=told, content=b"{")
        strict.http.get(AVAILABILITY, headers={"Authorization": each})
        strict.http.get(AVAILABILITY, params={"access_token": each})
    said = strict.says()
    assert "token refused" in said
    for each in shown:
        assert each not in said
        assert each.rpartition(".")[2] not in said
