"""Postgres and the broker killed under load: nothing acknowledged is lost, nothing is doubled."""

import signal

import pytest

from processes import WAIT_SECONDS, eventually
from workload import Workload

COMMANDS = 1500
PER_SECOND = 400
BATCH = 50
CONVERGED_SECONDS = 80


def killed_under_load(shop, fault, by):
    """Kill the shop's own server while commands come in, and start it again."""
    worker = shop.start(batch_records_max=BATCH)
    work = Workload(shop, seed=28)
    work.stock_up()
    work.begin(COMMANDS, per_second=PER_SECOND)
    eventually("some are applied", lambda: shop.next_offset() > BATCH)
    shop.server.process.send_signal(by)
    shop.server.process.wait(WAIT_SECONDS)
    behind = len(shop.sent) + len(shop.unsure)
    shop.server.again()
    fault.heal()
    fault.seen("the server died before all was sent", behind < COMMANDS)
    work.end()
    shop.converge(CONVERGED_SECONDS)
    assert worker.lives(), "the worker gave up"


@pytest.mark.parametrize(
    "by",
    [
        signal.SIGQUIT,  # its own word for "stop immediately"
        pytest.param(signal.SIGKILL, marks=pytest.mark.slow),
    ],
)
@pytest.mark.timeout(240)
def test_postgres_dies_under_load(own_postgres, by):
    names = {signal.SIGQUIT: "28 Postgres stopped at once", signal.SIGKILL: "30 Postgres killed"}
    killed_under_load(own_postgres, own_postgres.fault(names[by]), by)


@pytest.mark.timeout(240)
def test_the_broker_dies_under_load(own_broker):
    killed_under_load(own_broker, own_broker.fault("20 broker killed"), signal.SIGKILL)
