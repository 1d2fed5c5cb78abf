"""How long a caller waits: as it prefers, and the command can be asked about afterwards."""

import pytest

from api.prefer import preference
from identities import bearing
from running import eventually, order


@pytest.mark.parametrize(
    ("values", "seconds", "applied"),
    [
        ([], 10, None),
        (["handling=strict"], 10, None),
        (["respond-async"], 0, "respond-async"),
        (["wait=3"], 3, "wait=3"),
        (["wait=600"], 10, "wait=10"),
        (['wait="2"; x=y'], 2, "wait=2"),
        (["respond-async, wait=2"], 2, "respond-async, wait=2"),
        (["Respond-Async", "WAIT = 4"], 4, "respond-async, wait=4"),
        (["wait=-1", "wait=x"], 10, None),
        (["wait=1", "wait=2"], 1, "wait=1"),
    ],
)
def test_what_is_honoured_of_a_preference(values, seconds, applied):
    assert preference(values, 10.0) == (seconds, applied)


def ask_about(stockyard, answer, **headers):
    found = stockyard.get(answer.headers["location"], headers=headers)
    assert found.status_code == 200
    return found


def test_respond_async_is_answered_at_once_and_can_be_asked_about(stockyard):
    sku = stockyard.stock()
    with stockyard.freeze("worker"):
        answer = stockyard.reserve(order(sku), Prefer="respond-async")
        assert answer.status_code == 202
        assert answer.headers["preference-applied"] == "respond-async"
        assert answer.headers["retry-after"] == "1"
        queued = ask_about(stockyard, answer)
        assert queued.json()["status"] == "queued"
        assert "retry-after" in queued.headers
    eventually("applied", lambda: ask_about(stockyard, answer).json()["status"] == "applied")
    told = ask_about(stockyard, answer).json()
    assert (told["code"], told["id"]) == (201, answer.json()["id"])
    assert told["body"]["lines"][0]["sku"] == sku
    assert stockyard.availability(sku)["reserved"] == "1"


def test_a_wait_that_runs_out_is_answered_202(stockyard):
    sku = stockyard.stock()
    with stockyard.freeze("worker"):
        answer = stockyard.reserve(order(sku), Prefer="wait=1")
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=1"
    assert 0.9 < answer.elapsed.total_seconds() < 8


def test_a_result_that_is_not_readable_yet_comes_with_the_202(stockyard):
    sku = stockyard.stock()
    with stockyard.freeze("projector"):
        answer = stockyard.reserve(order(sku), Prefer="wait=3")
        assert (answer.status_code, answer.json()["status"]) == (202, "applied")
        position = {"Stockyard-Position": answer.headers["stockyard-position"], "Prefer": "wait=1"}
        early = stockyard.get("/api/v1/inventory/availability", headers=position)
        assert early.status_code == 503
        assert early.json()["type"].endswith("/position-not-reached")
        assert "retry-after" in early.headers
        checks = stockyard.get("/readyz").json()["checks"]
        assert checks["projection"].startswith("the projection is behind")
    del position["Prefer"]
    answer = stockyard.get("/api/v1/inventory/availability", params={"sku": sku}, headers=position)
    assert answer.json()["data"][0]["reserved"] == "1"
    eventually("ready again", stockyard.is_ready)


def test_a_rejection_is_told_as_a_state_and_only_to_its_tenant(stockyard):
    answer = stockyard.reserve(order("NO-SUCH-ITEM"), "rejected-one", Prefer="respond-async")
    eventually("rejected", lambda: ask_about(stockyard, answer).json()["status"] == "rejected")
    assert ask_about(stockyard, answer).json()["problem"]["status"] == 422
    assert ask_about(stockyard, answer, **bearing(tenant="other")).json() == {
        "id": answer.json()["id"],
        "status": "queued",
    }


@pytest.mark.parametrize("named", ["x", "00", "0" * 33, "g" * 32])
def test_what_cannot_be_a_commands_id_is_not_found(stockyard, named):
    answer = stockyard.get(f"/commands/{named}")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/unknown-command")
