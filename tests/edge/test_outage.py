"""Servers that are away and signals that come: every caller is answered, nothing counts twice."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from deploy.kafka import broker
from running import eventually, order, running
from servers import QUICK_GROUPS, scratch


@pytest.fixture(scope="module")
def own(database_of_the_module):
    """A Stockyard with a broker of its own, which may be frozen."""
    with scratch() as directory:
        own_broker = broker.start(directory, properties=QUICK_GROUPS)
        made = running(
            own_broker.bootstrap_servers, database_of_the_module, "own", wait_seconds_max=3.0
        )
        made.children["broker"] = own_broker.process
        yield made
        made.close()
        own_broker.stop()


@pytest.fixture(scope="module")
def database_of_the_module(postgres, migrated_template):
    yield postgres.make("edge_outage", template=migrated_template)
    postgres.drop("edge_outage")


def answered(stockyard):
    assert stockyard.children["edge"].poll() is None, stockyard.said()
    try:
        return stockyard.get("/readyz")
    except httpx2.TransportError:
        return None


def reservations(stockyard, sku):
    return stockyard.availability(sku)["reserved"]


def test_a_broker_that_is_away_is_told_in_time_and_a_retry_counts_once(own):
    sku = own.stock("10")
    first = order(sku, "4")
    eventually("reserved", lambda: own.reserve(first, "before-the-outage").status_code == 201)
    body = order(sku, "2")
    with own.freeze("broker"):
        began = time.monotonic()
        unknown = own.reserve(body, "over-the-outage")
        assert time.monotonic() - began < 3.0 + 1.0
        assert unknown.status_code == 503
        assert unknown.json()["type"].endswith("/outcome-unknown")
        assert "retry-after" in unknown.headers
        asynchronous = own.reserve(order(sku, "1"), Prefer="respond-async")
        assert asynchronous.status_code == 503
        checks = own.get("/readyz")
        assert checks.status_code == 503
        assert checks.json()["checks"]["broker"] != "ok"
        assert checks.json()["checks"]["database"] == "ok"
        assert own.get("/livez").status_code == 200
        assert reservations(own, sku) == "4"

    def retried():
        answer = own.reserve(body, "over-the-outage")
        assert answer.status_code in {201, 202, 503}, answer.text
        return answer if answer.status_code == 201 else None

    again = eventually("applied after the outage", retried)
    assert own.reserve(body, "over-the-outage").json() == again.json()
    eventually("both commands, each once", lambda: reservations(own, sku) == "7")
    eventually("ready again", own.is_ready)
    time.sleep(1.0)
    assert reservations(own, sku) == "7"


def test_callers_in_flight_are_answered_before_the_edge_ends(own):
    sku = own.stock("10")
    edge = own.children["edge"]
    with ThreadPoolExecutor(1) as pool:
        with own.freeze("worker"):
            flying = pool.submit(own.reserve, order(sku))
            eventually("in flight", lambda: "results_awaited 1.0" in own.get("/metrics").text)
            edge.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            leaving = own.get("/readyz")
            assert leaving.status_code == 503
            assert leaving.json()["checks"]["process"] == "stopping"
            time.sleep(0.6)
        assert flying.result(10).status_code in {201, 202}
    assert edge.wait(10) == 0
    own.start("edge")
    eventually("ready", own.is_ready)


def test_the_edge_starts_and_says_why_it_is_not_ready_while_the_broker_is_away(own):
    edge = own.children["edge"]
    edge.send_signal(signal.SIGTERM)
    assert edge.wait(15) == 0
    with own.freeze("broker"):
        own.start("edge")

        answer = eventually("an answer", lambda: answered(own))
        assert answer.status_code == 503
        refused = own.reserve(order("ANY"))
        assert refused.status_code == 503
        assert refused.json()["type"].endswith("/broker-away")
    eventually("ready", own.is_ready)


def test_an_edge_that_cannot_reach_its_broker_still_ends_in_time(own):
    edge = own.children["edge"]
    with own.freeze("broker"):
        began = time.monotonic()
        edge.send_signal(signal.SIGTERM)
        assert edge.wait(20) == 0
        assert time.monotonic() - began < 15
    own.start("edge")
    eventually("ready", own.is_ready)
