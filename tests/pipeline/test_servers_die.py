"""Postgres and the broker killed under load: nothing acknowledged is lost, nothing is doubled."""

import signal
import threading
from decimal import Decimal

import pytest
from pydantic import SecretStr

import asks
from deploy.kafka import broker
from deploy.postgres import server
from ledger.migrate import migrate_ledger, migrate_read
from pipelines import Pipeline
from processes import WAIT_SECONDS, eventually
from schemas.settings import Settings
from servers import UNSYNCED, scratch

COMMANDS = 3000
STOCK = 2000
BATCH = 50
CONVERGED_SECONDS = 80


@pytest.fixture
def own_servers(kafka, postgres, migrated_template, topic_prefix, request):
    """The server named by the test's parameter is its own to kill; the other is the session's."""
    killed = request.param
    with scratch() as directory:
        if killed == "postgres":
            running = server.start(directory, settings=UNSYNCED)
            url, bootstrap = running.url(), kafka.bootstrap_servers
            migrate_ledger(url)
            migrate_read(url)
        else:
            running = broker.start(directory)
            bootstrap, url = (
                running.bootstrap_servers,
                postgres.make(topic_prefix, template=migrated_template),
            )
        pipeline = Pipeline(
            Settings(
                kafka_bootstrap_servers=bootstrap,
                database_url=SecretStr(url),
                topic_prefix=topic_prefix,
            )
        )
        alive = [running]
        pipeline.make_topics()
        pipeline.servers = (directory, alive)
        yield pipeline
        pipeline.close()
        alive[0].stop()
        postgres.drop(topic_prefix)


def start_again(pipeline, killed):
    directory, alive = pipeline.servers
    if killed == "postgres":
        alive[0] = server.start(directory, settings=UNSYNCED)
    else:
        alive[0] = broker.start(directory)


@pytest.mark.parametrize(
    ("own_servers", "by"),
    [
        ("postgres", signal.SIGQUIT),  # its own word for "stop immediately"
        pytest.param("postgres", signal.SIGKILL, marks=pytest.mark.slow),
        ("broker", signal.SIGKILL),
    ],
    indirect=["own_servers"],
)
@pytest.mark.timeout(240)
def test_a_server_dies_under_load(own_servers, by, request):
    shop = own_servers
    killed = request.node.callspec.params["own_servers"]
    worker = shop.start(batch_records_max=BATCH)
    shop.ask(asks.item("A"), asks.location("MAIN"))
    shop.ask(asks.record_stock("A", str(STOCK)))
    wanted = [asks.reserve(asks.line("A", "1")) for _ in range(COMMANDS)]
    sender = threading.Thread(target=lambda: shop.send(*wanted))
    sender.start()
    eventually("some are applied", lambda: shop.next_offset() > 2 * BATCH)
    running = shop.servers[1][0]
    running.process.send_signal(by)
    running.process.wait(WAIT_SECONDS)
    start_again(shop, killed)
    assert shop.next_offset() < COMMANDS, "the server died too late to matter"
    sender.join(WAIT_SECONDS)
    answers = shop.answers(*wanted, within_seconds=CONVERGED_SECONDS)
    assert sum(each["status"] == "applied" for each in answers) == STOCK
    assert shop.query("SELECT on_hand, reserved FROM balance") == [(Decimal(STOCK), Decimal(STOCK))]
    assert worker.process.poll() is None, "the worker gave up"
