"""Errors of all kinds: RFC 9457 with the request's id, nothing of the inside, nothing left behind."""

import asyncio
import socket

import httpx2
import pytest

from api.app import create_app
from api.identity.permissions import ENDPOINTS, OPEN
from running import RESERVATIONS, eventually, headers, order
from schemas.settings import Settings


def problem(answer, code, kind):
    assert answer.status_code == code
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert (found["status"], found["type"].rpartition("/")[2]) == (code, kind)
    assert found["request_id"] == answer.headers["request-id"]
    return found


def test_no_such_path(stockyard):
    problem(stockyard.get("/nowhere"), 404, "not-found")


def test_no_such_method(stockyard):
    answer = stockyard.http.request("DELETE", stockyard.url + RESERVATIONS)
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


def test_no_such_reservation(stockyard):
    problem(stockyard.get(f"{RESERVATIONS}/rsv-nowhere"), 404, "unknown-reservation")


def test_a_large_body_is_refused_before_it_is_read(stockyard):
    answer = stockyard.post(RESERVATIONS, None, headers(), content=b"x" * 1_048_577)
    problem(answer, 413, "body-too-large")


def test_a_large_body_of_unknown_length_is_refused_on_the_way(stockyard):
    pieces = (b"x" * 65_536 for _ in range(17))
    answer = stockyard.post(RESERVATIONS, None, headers(), content=pieces)
    problem(answer, 413, "body-too-large")


def test_an_error_of_ours_shows_nothing_of_the_inside(capfd, monkeypatch):
    monkeypatch.setitem(ENDPOINTS, ("POST", "/broken"), OPEN)
    app = create_app(Settings())

    @app.post("/broken")
    async def broken() -> None:
        raise RuntimeError("the caller's secret words")

    async def ask():
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app))
        async with client:
            return await client.post("http://edge/broken", headers={"Request-Id": "r-1"})

    answer = asyncio.run(ask())
    assert problem(answer, 500, "internal-error")["request_id"] == "r-1"
    said = answer.text + "".join(capfd.readouterr())
    assert "RuntimeError" in said
    assert "secret" not in said
    assert "Traceback" not in answer.text


def waiting(stockyard):
    numbers = dict(
        line.rsplit(" ", 1)
        for line in stockyard.get("/metrics").text.splitlines()
        if line[0] != "#"
    )
    return float(numbers["stockyard_edge_results_awaited"])


@pytest.mark.parametrize("whole", [True, False])
def test_a_caller_who_leaves_leaves_nothing_behind(stockyard, whole):
    sku = stockyard.stock()
    request = stockyard.http.build_request(
        "POST", stockyard.url + RESERVATIONS, headers=headers(Prefer="wait=2"), json=order(sku)
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    body = request.content if whole else request.content[:5]
    with stockyard.freeze("worker"):
        with socket.create_connection(("127.0.0.1", stockyard.port)) as caller:
            caller.sendall(f"POST {RESERVATIONS} HTTP/1.1\r\n{head}\r\n".encode() + body)
            if whole:
                eventually("waited for", lambda: waiting(stockyard) == 1)
        eventually("forgotten", lambda: waiting(stockyard) == 0, 10)
    assert "request failed" not in stockyard.said()


def test_the_numbers_name_routes_and_never_paths(stockyard):
    stockyard.get(f"{RESERVATIONS}/rsv-that-nobody-made")
    told = stockyard.get("/metrics").text
    assert 'route="/api/v1/inventory/reservations/{id}"' in told
    assert "rsv-that-nobody-made" not in told


def test_the_log_holds_no_bodies(stockyard):
    stockyard.reserve({"order_id": "a-very-secret-order", "lines": [{"sku": 1}]})
    assert "a-very-secret-order" not in stockyard.said()
