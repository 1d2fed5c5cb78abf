"""The connection ends in the middle of a COMMIT: what the database did is found out, not guessed."""

import pytest

import asks
from faulty_network import DOWN, UP, rerouted
from processes import eventually

COMMANDS = 30


def at_its_commit(shop, network):
    """A worker that has done all of a batch but its COMMIT, on a network that is still whole."""
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    shop.send(*wanted)
    worker = shop.start(
        "reservations",
        fault="w.before_commit:stop",
        database_url=rerouted(shop.settings.ledger_url, network),
    )
    eventually("it stands before its commit", worker.is_stopped)
    return worker, wanted


def took_effect_once(shop, worker, wanted):
    answers = shop.answers(*wanted)
    assert all(each["status"] == "applied" for each in answers)
    assert shop.query("SELECT reserved FROM balance")[0][0] == COMMANDS
    retries = worker.metric("stockyard_batch_retries_total", error="OperationalError", sqlstate="")
    assert retries >= 1, "the batch was not tried again"
    assert worker.metric("stockyard_dead_letters_total") == 0


@pytest.mark.timeout(180)
def test_a_commit_whose_reply_is_lost_is_not_done_again(stocked, postgres_network):
    fault = stocked.fault("31 COMMIT done, its reply lost")
    worker, wanted = at_its_commit(stocked, postgres_network)
    postgres_network.swallow(DOWN)
    worker.wake()
    eventually("the server commits", lambda: stocked.next_offset() == COMMANDS)
    fault.seen("it is committed", stocked.next_offset() == COMMANDS)
    fault.seen("nobody was told", not stocked.results().keys() & requests(wanted))
    postgres_network.heal()
    fault.heal()
    took_effect_once(stocked, worker, wanted)
    assert worker.metric("stockyard_redelivered_total") == COMMANDS


@pytest.mark.timeout(180)
def test_a_commit_that_never_arrives_is_done_again(stocked, postgres_network):
    fault = stocked.fault("31 COMMIT never arrived")
    worker, wanted = at_its_commit(stocked, postgres_network)
    postgres_network.swallow(UP)
    sent = postgres_network.lost(UP)
    worker.wake()
    eventually("the COMMIT is lost", lambda: postgres_network.lost(UP) > sent)
    fault.seen("nothing is committed", stocked.next_offset() == 0)
    fault.seen("its transaction is open", open_transactions(stocked) == 1)
    postgres_network.heal()
    fault.heal()
    took_effect_once(stocked, worker, wanted)
    assert worker.metric("stockyard_redelivered_total") == 0


def requests(wanted):
    return {each.headers["Request-Id"] for each in wanted}


def open_transactions(shop):
    return shop.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'stockyard worker reservations' AND state = 'idle in transaction'"
    )[0][0]
