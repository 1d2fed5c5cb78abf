"""A relay whose broker is away: what waits is counted, an alarm tells, and it catches up by itself."""

import time

import pytest

from deploy.machine.ports import HOST
from processes import eventually
from unpublished import waiting
from workload import Workload

ROWS, OLDEST = "stockyard_unpublished_rows", "stockyard_unpublished_oldest_seconds"
PER_SECOND = 100
AWAY_SECONDS = 20
ALARM_SECONDS = 5
GROWTH_MEGABYTES = 64


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_relay_catches_up_faster_than_commands_come_in(pipeline, kafka_network):
    fault = pipeline.fault(f"41 relay without its broker for {AWAY_SECONDS} s")
    first = pipeline.start()
    work = Workload(pipeline, seed=41)
    work.stock_up()
    first.end()
    pipeline.start(publisher="none")
    by_the_network = f"{HOST}:{kafka_network.entrance}"
    relay = pipeline.run(
        "relay", kafka_bootstrap_servers=by_the_network, unpublished_seconds_max=ALARM_SECONDS
    )
    work.begin(20_000, per_second=PER_SECOND)
    eventually("the relay works", lambda: pipeline.next_offset() > 0 and waiting(pipeline) < 300)
    memory = relay.memory_megabytes()
    kafka_network.refuse()
    began = time.monotonic()
    time.sleep(AWAY_SECONDS)
    fault.seen("rows wait", relay.metric(ROWS) > PER_SECOND * AWAY_SECONDS / 4)
    fault.seen("their age is told", relay.metric(OLDEST) > AWAY_SECONDS / 2)
    fault.seen("an alarm tells it", "publishing is behind" in relay.says())
    grown = relay.memory_megabytes() - memory
    assert grown < GROWTH_MEGABYTES, f"it grew by {grown:.0f} MB"
    came = waiting(pipeline) / (time.monotonic() - began)
    kafka_network.heal()
    fault.heal()
    backlog, healed = waiting(pipeline), time.monotonic()
    eventually("it has caught up", lambda: waiting(pipeline) < 2 * came, within_seconds=90)
    took = time.monotonic() - healed
    print(f"{backlog} rows caught up in {took:.1f} s while {came:.0f} a second came")  # noqa: T201  # shown with the test
    eventually("the alarm is over", lambda: "publishing has caught up" in relay.says())
    work.stop()
    work.end()
    pipeline.converge()  # while there is a network
    eventually("all is marked", lambda: waiting(pipeline) == 0)
    assert len(pipeline.sent) < 20_000, "commands came in all the while"
