"""Workers whose connections to the broker are there and bring nothing: they come out of it."""

import struct
from pathlib import Path

import pytest

import asks
from deploy.machine.ports import HOST
from faulty_network import DOWN, UP
from processes import eventually

FETCH, JOIN = 1, 11  # Kafka's numbers for those requests
COMMANDS = 120
ALARM_SECONDS = 120
RECOVERED_SECONDS = 90
MEMBERS = 8  # what is left of one that nobody let go of has more descriptors


@pytest.fixture
def member(stocked, kafka_network):
    """A worker that has joined its group by way of the network, and fetched something."""

    def start():
        worker = stocked.start(
            "reservations", kafka_bootstrap_servers=f"{HOST}:{kafka_network.entrance}"
        )
        stocked.ask(asks.reserve(asks.line("A", "1")))
        return worker

    return start


def nothing_comes(pipeline, fault, for_seconds=5.0):
    """Commands that wait, and stay waiting."""
    before = pipeline.next_offset()
    pipeline.send(*(asks.reserve(asks.line("A", "0.1")) for _ in range(COMMANDS)))
    with pytest.raises(AssertionError, match="not within"):
        eventually("one is applied", lambda: pipeline.next_offset() > before, for_seconds)
    fault.seen("records waited and did not come", pipeline.next_offset() == before)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("ways", [(DOWN,), (UP, DOWN)], ids=["answers", "all"])
def test_a_worker_goes_on_after_a_network_that_lost_everything(
    stocked, kafka_network, member, ways
):
    fault = stocked.fault("12 network swallows " + ("the broker's answers", "all")[len(ways) - 1])
    worker = member()
    kafka_network.swallow(*ways)
    nothing_comes(stocked, fault, 20)
    kafka_network.heal()
    fault.heal()
    stocked.converge(RECOVERED_SECONDS)
    assert worker.lives()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_worker_leaves_connections_that_nobody_serves_any_more(stocked, kafka_network, member):
    """As behind a firewall that forgot them: nothing says that they are gone, and nothing mends."""
    fault = stocked.fault("12 connections to the broker silent for ever, new ones served")
    worker = member()
    kafka_network.silence()
    fault.heal()
    nothing_comes(stocked, fault)
    stocked.converge(RECOVERED_SECONDS)
    assert worker.lives()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_worker_that_fetches_nothing_begins_anew_and_says_so(stocked, kafka_network, member):
    """Heartbeats and all other requests are answered: only fetches are not."""
    fault = stocked.fault("12 fetches alone swallowed, heartbeats answered")
    kafka_network.new_sieve = WithoutFetches
    WithoutFetches.open = True
    worker = member()
    WithoutFetches.open = False
    before = descriptors(worker)
    nothing_comes(stocked, fault)
    eventually("it says what waits", lambda: worker.metric("stockyard_consumer_lag") > 0)
    restarts = eventually(
        "a new member is tried",
        lambda: worker.metric("stockyard_member_restarts_total", error="WedgedError"),
        ALARM_SECONDS,
    )
    fault.seen("its member began anew", restarts)
    fault.seen("fetches were lost", WithoutFetches.lost)
    WithoutFetches.open = True
    fault.heal()
    stocked.converge(RECOVERED_SECONDS)
    eventually("it shows no lag", lambda: worker.metric("stockyard_consumer_lag") == 0)
    eventually("it let go of the old member", lambda: descriptors(worker) < before + MEMBERS)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_worker_that_its_group_does_not_let_in_begins_anew_and_says_so(stocked, kafka_network):
    fault = stocked.fault("12 joins alone swallowed")
    kafka_network.new_sieve = WithoutJoins
    WithoutJoins.open = False
    worker = stocked.start(
        "reservations", kafka_bootstrap_servers=f"{HOST}:{kafka_network.entrance}"
    )
    nothing_comes(stocked, fault)
    restarts = eventually(
        "a new member is tried",
        lambda: worker.metric("stockyard_member_restarts_total", error="WedgedError"),
        ALARM_SECONDS,
    )
    fault.seen("its member began anew", restarts)
    fault.seen("joins were lost", WithoutJoins.lost)
    WithoutJoins.open = True
    fault.heal()
    stocked.converge(RECOVERED_SECONDS)


def descriptors(worker):
    return len(list(Path(f"/proc/{worker.process.pid}/fd").iterdir()))


class WithoutFetches:
    """Carries a connection's frames, and loses the answers to some unless it is `open`."""

    loses = FETCH
    open = True
    lost = 0

    def __init__(self):
        self.rest = {UP: b"", DOWN: b""}
        self.asked = set()

    def __call__(self, way, chunk):
        kept = b""
        self.rest[way] += chunk
        for frame in self.frames(way):
            if way == UP:
                key, _, number = struct.unpack_from(">hhi", frame, 4)
                if key == self.loses:
                    self.asked.add(number)
            elif struct.unpack_from(">i", frame, 4)[0] in self.asked and not type(self).open:
                type(self).lost += 1
                continue
            kept += frame
        return kept

    def frames(self, way):
        """Those that have come whole, each with its length before it."""
        while len(self.rest[way]) >= 4:
            size = 4 + struct.unpack_from(">i", self.rest[way])[0]
            if len(self.rest[way]) < size:
                return
            frame, self.rest[way] = self.rest[way][:size], self.rest[way][size:]
            yield frame


class WithoutJoins(WithoutFetches):
    """The same, of requests to be let into a group."""

    loses = JOIN
