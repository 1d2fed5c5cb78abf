"""Thousands of simulated days, each from a seed: nothing is lost, doubled, oversold or out of order."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from unittest.mock import patch

import pytest

from consumers.member import Member
from consumers.reader import Stands
from fault_table import Fault
from ledger import balances
from simulation import rows, seeds, statements

MANY = 20_000
BUSIEST = sorted(range(300), key=lambda seed: -seeds.World(seed).busy)
HAPPEN = ("kill", "freeze", "stop", "restart", "away", "unsent", "unheard", "again")


def said(wrong):
    """The failing seeds, and how to see one of them again."""
    lines = [f"seed {seed}: {line}" for seed, found in wrong.items() for line in found[:3]]
    again = f"./stockyard test tests/simulation --seed {next(iter(wrong))}"
    return "\n".join([f"{len(wrong)} days ended badly; one again: {again}", *lines[:20]])


def lived(first, count):
    found = seeds.many_days(first, count)
    assert not found.wrong, said(found.wrong)
    return found


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_on_any_day(seed, pytestconfig):
    if seed is not None:
        _, wrong = seeds.day(seed)
        assert not wrong, "\n".join(wrong)
        return
    count = pytestconfig.getoption("--seeds")
    found = lived(0, count)
    fault = Fault("54 simulated days, all of these at once", runs=count)
    for name in HAPPEN:
        fault.seen(f"{name} {found.happened[name]} times", found.happened[name] > count / 100)
    fault.tell(0)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_nothing_is_lost_or_doubled_on_days_that_nobody_has_seen(seed):
    if seed is not None:
        pytest.skip("one seed was asked for")
    lived(1_000_000, MANY)


def test_a_seed_is_one_course_of_events():
    """In another process too, whose sets are in another order."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        there = list(pool.map(seeds.course, range(12)))
    assert [seeds.course(seed) for seed in range(12)] == there


def one_later(stands):
    def later(self, places):
        found = stands(self, places)
        return {at: Stands(stand.next_offset + 1, stand.topic_id) for at, stand in found.items()}

    return later


def unlocked(session, values):
    """The balances as they are, whoever is changing them."""
    places = {tuple(row[:3]) for row in rows.rows_of(values)}
    stored = session.store.tables["balance"].items()
    return [row for key, row in sorted(stored) if key[:3] in places]


def send_only(self, answers):
    self._publisher.send(self._answers(answers))


PUBLISHER = "consumers.shard_publisher.ShardPublisher"
MUTATIONS = {
    "redelivered records are fresh": {"consumers.apply._is_fresh": lambda *_: True},
    "no key is kept": {
        "ledger.idempotency.insert": lambda _, rows: list(rows),
        "ledger.idempotency.find": lambda *_: {},
    },
    "what is sent counts as acknowledged": {
        "producers.publisher.Publisher.settle": lambda *_: None
    },
    "rows that were never in memory are overlooked": {
        f"{PUBLISHER}._follow": lambda *_: True,
        f"{PUBLISHER}._look": lambda *_: None,
    },
    "what comes later overtakes what was lost": {f"{PUBLISHER}._fell_behind": lambda *_: None},
    "the offset moves before repeats are answered": {f"{PUBLISHER}.answer": send_only},
    "events are named anew each time": {
        "producers.messages._command_id": lambda record: f"{id(record)}-{record['request_id']}"
    },
    "balances are not locked": {
        "simulation.world.ANSWERS": statements.ANSWERS
        | {vars(balances)[name]: unlocked for name in ("_LOCK", "_LOCK_SOME")}
    },
    "a command does not see those before it": {"ledger.book.Book.apply": lambda *_: None},
    "a partition is begun one record later": {
        "consumers.member.Member._stands": one_later(vars(Member)["_stands"])
    },
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_fault_of_our_own_is_found(mutation):
    """Each of these has to be noticed: a proof that cannot fail proves nothing."""
    with ExitStack() as stack:
        for name, other in MUTATIONS[mutation].items():
            stack.enter_context(patch(name, other))
        found = next((seed for seed in BUSIEST if seeds.day(seed)[1]), None)
    assert found is not None, f"{mutation}, and nobody noticed"
