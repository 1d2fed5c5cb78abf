"""The write headers: each is required, each fault is named, and the answer carries the request's id."""

import pytest

from running import RESERVATIONS, headers, order

REQUIRED = ["Request-Id", "Idempotency-Key", "Actor-Id", "Actor-Type", "Source-System"]
BODY = order("NOTHING")


def named(answer):
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith("/invalid-headers")
    assert problem["request_id"] == answer.headers["request-id"] == answer.headers["x-request-id"]
    return sorted(fault["header"] for fault in problem["errors"])


@pytest.mark.parametrize("name", REQUIRED)
def test_a_write_without_one_header_is_refused_and_told_which(stockyard, name):
    given = headers(**{name: None})
    assert named(stockyard.post(RESERVATIONS, BODY, given)) == [name]


def test_all_missing_headers_are_named_at_once(stockyard):
    assert named(stockyard.post(RESERVATIONS, BODY)) == sorted(REQUIRED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Request-Id", "two words"),
        ("Request-Id", "x" * 256),
        ("Idempotency-Key", ""),
        ("Idempotency-Key", '"unclosed'),
        ("Idempotency-Key", '"two words"'),
        ("Actor-Type", "robot"),
        ("Source-System", "elsewhere"),
        ("Tenant-Id", "no/tenant"),
    ],
)
def test_a_wrong_header_is_named(stockyard, name, value):
    assert named(stockyard.post(RESERVATIONS, BODY, headers(**{name: value}))) == [name]


def test_a_header_that_stands_twice_is_named(stockyard):
    twice = [*headers().items(), ("Actor-Id", "bob")]
    answer = stockyard.http.post(stockyard.url + RESERVATIONS, headers=twice, json=BODY)
    assert named(answer) == ["Actor-Id"]


@pytest.mark.parametrize("path", ["/x/release", "/x/consume"])
def test_every_mutation_asks_for_the_headers(stockyard, path):
    assert named(stockyard.post(RESERVATIONS + path, {})) == sorted(REQUIRED)


def test_a_quoted_key_and_a_bare_one_are_the_same_key(stockyard):
    body = order(stockyard.stock())
    first = stockyard.reserve(body, 'quoted-"key"')
    again = stockyard.reserve(body, '"quoted-\\"key\\""')
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()


def test_every_answer_carries_the_requests_id(stockyard):
    given = {"Request-Id": "mine"}
    for path in ("/livez", "/readyz", "/nowhere", "/api/v1/inventory/availability?limit=0"):
        assert stockyard.get(path, headers=given).headers["request-id"] == "mine"
    assert stockyard.get("/livez").headers["request-id"].startswith("req-")
