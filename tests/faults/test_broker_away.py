"""A broker that is away, frozen or restarted: callers are told in time, and everything counts once."""

import signal
import time

import httpx2
import pytest

import asks
from edges import start_edge
from identities import default_headers
from processes import WAIT_SECONDS, eventually
from running import order
from workload import Workload

CALLER_SECONDS = 3.0
"""So long the edge lets a caller wait; it answers within this and a machine's slowness."""
SLOWNESS_SECONDS = 5.0
COMMANDS = 1500
PER_SECOND = 100
BATCH = 50
CONVERGED_SECONDS = 150.0
MEGABYTES_MORE = 120
DESCRIPTORS_MORE = 60


@pytest.fixture
def shop(own_broker):
    """Ten of A in stock, and workers of everything."""
    own_broker.start(batch_records_max=BATCH)
    own_broker.run("projector")
    own_broker.ask(asks.item("A"), asks.location("MAIN"))
    own_broker.ask(asks.record_stock("A", "10"))
    return own_broker


def edge_of(shop):
    edge = start_edge(shop, http_wait_seconds_max=CALLER_SECONDS)
    # An idle connection may be closed in the very moment in which it is used again.
    none_kept = httpx2.Limits(max_keepalive_connections=0)
    edge.http = httpx2.Client(timeout=WAIT_SECONDS, limits=none_kept, headers=default_headers())
    return edge


def is_told_in_time(edge, body, key):
    """The broker is away: the caller hears so before its deadline."""
    began = time.monotonic()
    answer = edge.reserve(body, key)
    assert time.monotonic() - began < CALLER_SECONDS + SLOWNESS_SECONDS
    assert answer.status_code == 503, answer.text
    assert "retry-after" in answer.headers
    return answer.json()["type"].endswith(("/outcome-unknown", "/broker-away"))


def succeeds(edge, body, key):
    """The same call again, until it has its answer."""

    def again():
        answer = edge.reserve(body, key)
        assert answer.status_code in {201, 202, 503}, answer.text
        return answer.status_code == 201

    eventually("it is applied", again, CONVERGED_SECONDS)


def reserved(shop, sku="A"):
    return shop.query("SELECT reserved FROM balance WHERE sku = %s", sku)[0][0]


@pytest.mark.timeout(420)
def test_callers_are_told_that_the_broker_is_away_and_their_retries_count_once(shop):
    fault = shop.fault("20 broker killed under an edge")
    edge = edge_of(shop)
    succeeds(edge, order("A"), "before")
    calls = {f"during-{number}": order("A") for number in range(2)}
    shop.server.process.kill()
    shop.server.process.wait(WAIT_SECONDS)
    told = [is_told_in_time(edge, body, key) for key, body in calls.items()]
    fault.seen("callers are told", all(told))
    shop.server.again()
    fault.heal()
    for key, body in calls.items():
        succeeds(edge, body, key)
    assert reserved(shop) == 1 + len(calls)
    edge.http.close()


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize("seconds", [20, 60])
def test_a_frozen_broker_piles_nothing_up(shop, seconds):
    worker, edge = shop.workers[0], edge_of(shop)
    fault = shop.fault(f"21 broker frozen for {seconds} s")
    work = Workload(shop, seed=21)
    work.stock_up()
    work.begin(COMMANDS, per_second=PER_SECOND)
    eventually("some are applied", lambda: shop.next_offset() > BATCH)
    before = [(each.memory_megabytes(), each.descriptors()) for each in (worker, edge.process)]
    shop.server.process.send_signal(signal.SIGSTOP)
    until = time.monotonic() + seconds
    calls = {}
    while time.monotonic() < until:
        key = f"during-{len(calls)}"
        calls[key] = order("A")
        fault.seen("callers are told", is_told_in_time(edge, calls[key], key))
    shop.server.process.send_signal(signal.SIGCONT)
    fault.heal()
    work.end()
    shop.converge(CONVERGED_SECONDS)
    for key, body in list(calls.items())[:3]:
        succeeds(edge, body, key)
    after = [(each.memory_megabytes(), each.descriptors()) for each in (worker, edge.process)]
    for (memory, descriptors), (memory_now, descriptors_now) in zip(before, after, strict=True):
        assert memory_now < memory + MEGABYTES_MORE
        assert descriptors_now < descriptors + DESCRIPTORS_MORE
    assert worker.lives(), "the worker gave up"
    eventually("each call counts once at most", lambda: 3 <= reserved(shop) <= len(calls))
    edge.http.close()


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_a_restarted_broker_leads_anew_and_work_goes_on(shop):
    """Every partition has a new leader epoch, of which clients' metadata knows nothing."""
    worker = shop.workers[0]
    fault = shop.fault("22 broker restarted in good order")
    work = Workload(shop, seed=22)
    work.stock_up()
    work.begin(COMMANDS, per_second=PER_SECOND)
    eventually("some are applied", lambda: shop.next_offset() > BATCH)
    before = epoch(shop)
    shop.server.running.stop()
    shop.server.again()
    fault.heal()
    eventually("work goes on", lambda: epoch(shop) > before, CONVERGED_SECONDS)
    fault.recovered()
    fault.seen("the leader epoch has changed", epoch(shop) > before)
    work.end()
    shop.converge(CONVERGED_SECONDS)
    assert worker.lives(), "the worker gave up"


def epoch(shop):
    """The leader epoch of the newest record that was applied."""
    return shop.query("SELECT max(leader_epoch) FROM shard")[0][0]
