"""What an operator sets about the broker reaches both kinds of clients."""

import ssl
import subprocess

import pytest

from producers.kafka_config import aiokafka_config, client_config
from schemas.settings import Settings

SECRETS = {
    "kafka_bootstrap_servers": "a:9092,b:9092",
    "kafka_sasl_username": "clerk",
    "kafka_sasl_password": "hunter2",
}


@pytest.fixture
def certificate(tmp_path):
    """A certificate and its key, of nobody in particular."""
    files = {"kafka_ssl_certfile": tmp_path / "own.pem", "kafka_ssl_keyfile": tmp_path / "own.key"}
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=kafka"]
    places = ["-out", files["kafka_ssl_certfile"], "-keyout", files["kafka_ssl_keyfile"]]
    subprocess.run(["openssl", *words, *places], check=True, capture_output=True, timeout=60)
    return {name: str(file) for name, file in files.items()}


def test_a_plain_broker_needs_no_more_than_its_address():
    known = Settings(kafka_bootstrap_servers="a:9092")
    assert client_config(known) == {
        "bootstrap.servers": "a:9092",
        "security.protocol": "PLAINTEXT",
    }
    assert aiokafka_config(known) == {
        "bootstrap_servers": ["a:9092"],
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_a_name_and_password_reach_the_clients(protocol, mechanism):
    known = Settings(**SECRETS, kafka_security_protocol=protocol, kafka_sasl_mechanism=mechanism)
    native, python = client_config(known), aiokafka_config(known)
    assert native["security.protocol"] == python["security_protocol"] == protocol
    assert native["sasl.mechanism"] == python["sasl_mechanism"] == mechanism
    assert native["sasl.username"] == python["sasl_plain_username"] == "clerk"
    assert native["sasl.password"] == python["sasl_plain_password"] == "hunter2"
    assert ("ssl_context" in python) == (protocol == "SASL_SSL")


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
def test_certificates_reach_the_clients_and_are_checked(protocol, certificate):
    own = certificate["kafka_ssl_certfile"]
    known = Settings(
        **SECRETS, **certificate, kafka_security_protocol=protocol, kafka_ssl_cafile=own
    )
    native, context = client_config(known), aiokafka_config(known)["ssl_context"]
    assert native["ssl.ca.location"] == native["ssl.certificate.location"] == own
    assert native["ssl.key.location"] == certificate["kafka_ssl_keyfile"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1


def test_no_secret_shows_in_a_printed_setting():
    assert "hunter2" not in repr(Settings(**SECRETS))
