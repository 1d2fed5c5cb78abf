"""How every client of ours reaches the broker: address, encryption and who we are."""

import ssl
from typing import Any

from schemas.settings import Settings


def client_config(settings: Settings) -> dict[str, str | int | float | bool]:
    """The connection's part of a librdkafka client's configuration."""
    config: dict[str, str | int | float | bool] = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "security.protocol": settings.kafka_security_protocol,
    }
    if _signs_in(settings):
        config |= {
            "sasl.mechanism": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_sasl_username,
            "sasl.password": settings.kafka_sasl_password.get_secret_value(),
        }
    if _encrypts(settings):
        files = {
            "ssl.ca.location": settings.kafka_ssl_cafile,
            "ssl.certificate.location": settings.kafka_ssl_certfile,
            "ssl.key.location": settings.kafka_ssl_keyfile,
        }
        config |= {name: file for name, file in files.items() if file}
    return config


def aiokafka_config(settings: Settings) -> dict[str, Any]:
    """The same for an aiokafka client, as keyword arguments."""
    config: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "security_protocol": settings.kafka_security_protocol,
    }
    if _signs_in(settings):
        config |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        }
    if _encrypts(settings):
        config["ssl_context"] = _trust(settings)
    return config


def _signs_in(settings: Settings) -> bool:
    return settings.kafka_security_protocol.startswith("SASL")


def _encrypts(settings: Settings) -> bool:
    return settings.kafka_security_protocol.endswith("SSL")


def _trust(settings: Settings) -> ssl.SSLContext:
    """Certificates are always checked, host names too; there is no setting to look away."""
    context = ssl.create_default_context(cafile=settings.kafka_ssl_cafile or None)
    if settings.kafka_ssl_certfile:
        context.load_cert_chain(settings.kafka_ssl_certfile, settings.kafka_ssl_keyfile or None)
    return context
