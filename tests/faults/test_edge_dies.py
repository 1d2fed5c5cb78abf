"""Edges that die under a caller: asked again at another, under the same key, it is one command."""

import signal

import pytest

from processes import eventually
from running import order

KEY = "asked-twice"


def reservations(pipeline):
    return pipeline.query("SELECT count(*) FROM reservation")[0][0]


@pytest.mark.parametrize(
    "step",
    [
        "e.before_reply",
        pytest.param("e.before_send", marks=pytest.mark.slow),
        pytest.param("e.after_send", marks=pytest.mark.slow),
    ],
)
def test_another_edge_answers_for_one_that_died(stocked, step, new_edge):
    fault = stocked.fault(f"43 edge killed at {step}")
    stocked.start("reservations")
    stocked.run("projector")
    doomed, other = new_edge(fault=f"{step}:kill"), new_edge()
    body = order("A", "7")
    assert doomed.is_cut_off(body, KEY)
    fault.seen("it was killed", doomed.process.ended() == -signal.SIGKILL)
    fault.heal()
    applied = reservations(stocked)
    again, third = other.reserve(body, KEY), other.reserve(body, KEY)
    assert (again.status_code, third.status_code) == (201, 201), again.text
    assert again.headers["location"] == third.headers["location"]
    assert again.headers["location"].endswith(again.json()["reservation_id"])
    assert again.json() == third.json()
    assert third.headers["idempotency-replayed"] == "true"
    assert reservations(stocked) == 1, "it was applied once"
    if step == "e.before_reply":
        assert applied == 1, "the first edge had its result"
        assert again.headers["idempotency-replayed"] == "true"
    eventually("seven are promised", lambda: other.available("A") == "93")


@pytest.mark.slow
def test_a_command_acknowledged_by_the_broker_has_one_id_at_every_edge(stocked, new_edge):
    fault = stocked.fault("43 edge killed at e.after_ack")
    doomed, other = new_edge(fault="e.after_ack:kill"), new_edge()
    body = order("A", "7")
    assert doomed.is_cut_off(body, KEY, Prefer="respond-async")
    fault.seen("it was killed", doomed.process.ended() == -signal.SIGKILL)
    fault.heal()
    again = other.reserve(body, KEY, Prefer="respond-async")
    third = other.reserve(body, KEY, Prefer="respond-async")
    assert again.status_code == third.status_code == 202
    assert again.headers["location"] == third.headers["location"]
    stocked.start("reservations")
    stocked.run("projector")
    told = eventually("applied", lambda: applied_at(other, again.headers["location"]))
    assert reservations(stocked) == 1
    assert other.reserve(body, KEY).json() == told["body"]


def applied_at(edge, location):
    told = edge.get(location).json()
    return told if told["status"] == "applied" else None
