"""The broker's disk is full: it goes down, nothing acknowledged is lost; with more room all goes on."""

import pytest

import small_disks
from processes import WAIT_SECONDS, eventually
from workload import Workload

MEGABYTES = 96
MEGABYTES_THEN = 256
COMMANDS = 1500
PER_SECOND = 150
BATCH = 50
CONVERGED_SECONDS = 150.0


@pytest.fixture
def broker_directory():
    """On a disk that a test may fill."""
    with small_disks.small_disk(MEGABYTES) as disk:
        yield disk


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_broker_whose_disk_is_full_loses_nothing_that_it_acknowledged(
    own_broker, broker_directory
):
    shop = own_broker
    fault = shop.fault("23 broker's disk full")
    worker = shop.start(batch_records_max=BATCH)
    work = Workload(shop, seed=23)
    work.stock_up()
    work.begin(COMMANDS, per_second=PER_SECOND)
    eventually("some are applied", lambda: shop.next_offset() > BATCH)
    small_disks.fill(broker_directory)
    fault.seen("the broker gives up", shop.server.process.wait(WAIT_SECONDS))
    acknowledged = len(shop.sent)
    assert acknowledged < COMMANDS
    assert worker.lives()
    small_disks.enlarge(broker_directory, MEGABYTES_THEN)
    shop.server.again()
    fault.heal()
    work.end()
    shop.converge(CONVERGED_SECONDS)
    assert worker.lives(), "the worker gave up"
