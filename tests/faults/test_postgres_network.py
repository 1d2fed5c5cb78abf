"""The network between a worker and Postgres goes: every wait is bounded, and others may work on."""

import pytest

import asks
from faulty_network import DOWN, rerouted
from ledger.connection import IDLE_IN_TRANSACTION_MS
from processes import SESSION_SECONDS, eventually
from workload import Workload

COMMANDS = 600
PER_SECOND = 60
BATCH = 50
BLACK_SECONDS = 30
SILENT_SECONDS = 120


def begin(shop, network, **settings):
    """A worker whose way to Postgres can be spoilt, under load."""
    url = rerouted(shop.settings.ledger_url, network)
    worker = shop.start(database_url=url, batch_records_max=BATCH, **settings)
    work = Workload(shop, seed=32)
    work.stock_up()
    work.begin(COMMANDS, per_second=PER_SECOND)
    eventually("some are applied", lambda: shop.next_offset() > BATCH)
    return worker, work


def end(shop, worker, work, fault):
    fault.heal()
    work.end()
    shop.converge(90)
    assert worker.lives(), "the worker gave up"
    assert worker.metric("stockyard_dead_letters_total") == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_connections_that_are_reset_are_opened_anew(pipeline, postgres_network):
    fault = pipeline.fault("32 connections to Postgres reset")
    worker, work = begin(pipeline, postgres_network)
    for _ in range(3):
        before = postgres_network.cuts
        postgres_network.cut(reset=True)
        fault.seen("connections were reset", postgres_network.cuts > before)
        stood = postgres_network.connections
        eventually("a new one", lambda stood=stood: postgres_network.connections > stood)
    end(pipeline, worker, work, fault)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_black_hole_is_left_when_it_ends(pipeline, postgres_network):
    fault = pipeline.fault(f"32 the way to Postgres a black hole for {BLACK_SECONDS} s")
    worker, work = begin(pipeline, postgres_network)
    postgres_network.swallow()
    stood = pipeline.query("SELECT sum(next_offset) FROM shard")
    fault.seen("bytes were lost", eventually("loss", lambda: postgres_network.lost("up")))
    with pytest.raises(AssertionError):
        eventually("never", lambda: False, BLACK_SECONDS)
    assert pipeline.query("SELECT sum(next_offset) FROM shard") == stood
    assert worker.lives()
    postgres_network.heal()
    end(pipeline, worker, work, fault)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_connection_that_never_answers_is_given_up(stocked, postgres_network):
    """Half open: the proxy keeps the connection alive, the server behind it says nothing."""
    fault = stocked.fault("32 a half-open connection to Postgres")
    url = rerouted(stocked.settings.ledger_url, postgres_network)
    worker = stocked.start("reservations", database_url=url)
    stocked.ask(asks.reserve(asks.line("A", "1")))
    postgres_network.stall(DOWN)
    wanted = asks.reserve(asks.line("A", "1"))
    stocked.send(wanted)
    given_up = lambda: "no answer for" in worker.says()  # noqa: E731  # asked often
    fault.seen("it was given up", eventually("the wait ends", given_up, SILENT_SECONDS))
    postgres_network.heal()
    fault.heal()
    assert stocked.answers(wanted, within_seconds=90)[0]["status"] == "applied"
    assert worker.lives()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_a_cut_off_worker_had_locked_is_free_for_others_in_time(stocked, postgres_network):
    """Its session's locks end by the server's bound, since nobody else would end them."""
    fault = stocked.fault("32 a worker cut off with its locks held")
    cut_off = stocked.start(
        "reservations",
        fault="w.before_commit:stop",
        database_url=rerouted(stocked.settings.ledger_url, postgres_network),
    )
    promised = asks.reserve(asks.line("A", "1"))
    stocked.send(promised)
    eventually("it holds its locks", cut_off.is_stopped)
    stocked.start("stock")
    counted = asks.record_stock("A", "50")
    stocked.send(counted)
    fault.seen("the other waits", eventually("a lock is waited for", lambda: blocked(stocked)))
    postgres_network.swallow()
    cut_off.wake()
    bound = IDLE_IN_TRANSACTION_MS / 1000 + 10 * SESSION_SECONDS
    assert stocked.answers(counted, within_seconds=bound)[0]["status"] == "applied"
    fault.seen("the first is still cut off", not stocked.results().get(promised_id(promised)))
    postgres_network.heal()
    fault.heal()
    assert stocked.answers(promised, within_seconds=90)[0]["status"] == "applied"


def promised_id(each):
    return each.headers["Request-Id"]


def blocked(shop):
    return shop.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND application_name = 'stockyard worker stock'"
    )
