"""One Idempotency-Key at two edges in the same moment: one command, whoever was first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from running import order

KEYS = 20


@pytest.fixture
def two_edges(stocked, new_edge):
    """Two edges side by side over everything that works."""
    stocked.start("reservations")
    stocked.run("projector")
    return new_edge(), new_edge()


def at_once(two_edges, bodies, key):
    """Ask both edges in one moment, each with its own body; their answers."""
    barrier = Barrier(len(two_edges))

    def ask(edge, body):
        barrier.wait()
        return edge.reserve(body, key)

    with ThreadPoolExecutor(len(two_edges)) as pool:
        return list(pool.map(ask, two_edges, bodies))


@pytest.mark.slow
def test_the_same_command_twice_is_answered_twice_and_applied_once(stocked, two_edges):
    fault = stocked.fault("44 one key at two edges at once")
    for number in range(KEYS):
        body = order("A")
        answers = at_once(two_edges, (body, body), f"same-{number}")
        assert [each.status_code for each in answers] == [201, 201], [each.text for each in answers]
        assert answers[0].json() == answers[1].json()
        assert answers[0].headers["location"] == answers[1].headers["location"]
        replayed = ["idempotency-replayed" in each.headers for each in answers]
        assert sorted(replayed) == [False, True], "one of them is the repeat"
    fault.seen("each was sent twice", stocked.next_offset() + others(stocked) >= 2 * KEYS)
    assert stocked.query("SELECT count(*) FROM reservation") == [(KEYS,)]


@pytest.mark.slow
def test_of_two_commands_under_one_key_the_later_is_refused(stocked, two_edges):
    fault = stocked.fault("44 one key at two edges at once, other payloads")
    for number in range(KEYS):
        answers = at_once(two_edges, (order("A", "1"), order("A", "2")), f"other-{number}")
        assert sorted(each.status_code for each in answers) == [201, 422]
        refused = next(each for each in answers if each.status_code == 422)
        assert refused.json()["type"].endswith("/idempotency-key-reused")
    fault.seen("each was sent twice", stocked.next_offset() + others(stocked) >= 2 * KEYS)
    assert stocked.query("SELECT count(*) FROM reservation") == [(KEYS,)]


def others(stocked):
    """Commands applied on the partitions behind the first."""
    return sum(stocked.next_offset("reservations", number) for number in (1, 2, 3))
