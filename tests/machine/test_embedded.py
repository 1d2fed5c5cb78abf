"""The embedded servers outlive restarts, kills and moves with their data and their addresses."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.kafka import broker
from deploy.postgres import server
from servers import scratch

SECONDS = 30


@pytest.fixture
def home():
    with scratch() as directory:
        yield directory


def write(address: str, value: str) -> None:
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(SECONDS)
    producer = Producer({"bootstrap.servers": address, "acks": "all"})
    producer.produce("kept", value.encode())
    assert producer.flush(SECONDS) == 0


def read(address: str) -> str:
    known = {"bootstrap.servers": address, "group.id": "reader", "auto.offset.reset": "earliest"}
    consumer = Consumer(known)
    consumer.subscribe(["kept"])
    message = consumer.poll(SECONDS)
    consumer.close()
    return message.value().decode()


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_a_broker_comes_back_with_its_data_at_its_address(home, killed):
    first = broker.start(home)
    write(first.bootstrap_servers, "still here")
    if killed:
        first.process.kill()
        first.process.wait(SECONDS)
    else:
        assert first.stop()
    second = broker.start(home)
    assert second.bootstrap_servers == first.bootstrap_servers
    assert read(second.bootstrap_servers) == "still here"
    second.stop()


def test_a_listener_may_be_advertised_under_another_port(home):
    running = broker.start(home, extra_listeners={"PROXIED": 15_001})
    port = running.listener_ports["PROXIED"]
    seen = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}"}).list_topics(timeout=SECONDS)
    running.stop()
    assert [each.port for each in seen.brokers.values()] == [15_001]


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_a_database_comes_back_with_its_data_at_its_address(home, killed):
    first = server.start(home)
    with psycopg.connect(first.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    if killed:
        first.process.kill()
        first.process.wait(SECONDS)
    else:
        assert first.stop()
    second = server.start(home)
    assert second.url() == first.url()
    with psycopg.connect(second.url()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    second.stop()


def test_a_database_server_is_safe_by_default_and_settable(home):
    running = server.start(home, settings={"shared_buffers": "64MB"})
    asked = ["fsync", "synchronous_commit", "data_checksums", "shared_buffers"]
    with psycopg.connect(running.url()) as connection:
        answers = [connection.execute(f"SHOW {name}").fetchone()[0] for name in asked]
        connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'")
    running.stop()
    assert answers == ["on", "on", "on", "64MB"]


def test_a_wrong_password_is_refused(home):
    running = server.start(home)
    wrong = running.url().replace(running.password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    running.stop()
    assert (home / "password").stat().st_mode & 0o077 == 0


def test_another_port_is_taken_when_somebody_sits_on_the_kept_one(home):
    first = server.start(home)
    first.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        second = server.start(home)
        second.stop()
    assert second.port != first.port


def test_an_interrupted_initdb_is_begun_anew(home):
    (home / "cluster.part").mkdir(parents=True)
    (home / "cluster.part" / "PG_VERSION").write_text("18")
    (home / "cluster.password").write_text("old")
    server.start(home).stop()


def test_servers_end_with_the_process_that_started_them(home):
    command = [sys.executable, "-m", "deploy.machine.servers", "--data-dir", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        addresses = json.loads(parent.stdout.readline())
        parent.kill()
    assert addresses["database_url"].startswith("postgresql://")
    # The locks go with the last process that holds them, so a start waits for the old servers.
    restarted = server.start(home / "postgres")
    restarted.stop()
    assert restarted.url() == addresses["database_url"]
    broker.start(home / "kafka").stop()
    assert not list(Path(home).glob("**/*.part"))
