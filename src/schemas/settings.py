"""The settings of every process, read from the environment (prefix `ERP_`)."""

import re
from datetime import timedelta
from functools import cache
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_SAFE_URL: Final = re.compile(
    r"(https://[^/@?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^@]*)?"
)


class Settings(BaseSettings):
    """What an operator may set; every field is `ERP_` and its name in capitals.

    A value may also stand in a file named `erp_<field>` in the directory that systemd's
    credentials or a container's secrets use, so that no secret needs to be in an environment.
    """

    model_config = SettingsConfigDict(env_prefix="ERP_", extra="ignore", frozen=True)

    database_url: SecretStr = Field(
        default=SecretStr(""), description="libpq URL of the ledger; empty: the embedded server"
    )
    read_database_url: SecretStr = Field(
        default=SecretStr(""), description="libpq URL of the read tables; empty: the ledger's"
    )

    kafka_bootstrap_servers: str = Field(default="", description="empty: the embedded broker")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    kafka_ssl_cafile: str = ""
    kafka_ssl_certfile: str = ""
    kafka_ssl_keyfile: str = ""

    topic_copies: int = Field(
        default=0, ge=0, description="of each topic that is made; 0: one a broker, at most three"
    )
    topic_prefix: str = Field(default="stockyard", pattern=r"^[a-z][a-z0-9-]*$")
    default_tenant: str = "default"
    source_systems: Annotated[tuple[str, ...], NoDecode] = (
        "commerce",
        "erp",
        "workbench",
        "inventory-worker",
        "vendor-feed",
        "scanner",
    )
    publisher: Literal["kafka", "none"] = Field(
        default="kafka", description="none: results and events wait in the journal"
    )

    consumer_session_seconds: float = Field(
        default=10.0, ge=1, description="a consumer silent for so long loses its partitions"
    )
    consumer_poll_seconds_max: float = Field(
        default=180.0, ge=5, description="longer than a batch can take, its retries included"
    )
    batch_records_max: int = Field(default=8000, ge=1, le=20_000)
    idempotency_retention: timedelta = Field(default=timedelta(days=30))
    dead_letter_share_max: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="of a partition's last records; above it the worker halts",
    )
    dead_letter_window_records: int = Field(
        default=500, ge=1, le=100_000, description="how many last records that share is of"
    )
    dead_letter_replays_max: int = Field(
        default=3, ge=1, le=1000, description="a record redriven so often is parked for good"
    )

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65_535)
    http_body_bytes_max: int = 1_048_576
    http_wait_seconds_max: float = Field(
        default=10.0, description="how long a caller may be kept waiting for its result"
    )
    http_request_seconds_max: float = Field(
        default=20.0, gt=0, description="how long a request's head, or its body, may take to arrive"
    )
    auth_issuer: str = Field(default="stockyard", description="`iss` of every token")
    auth_audience: str = Field(
        default="stockyard", description="`aud` of every token, or one of it"
    )
    auth_jwks_url: str = Field(
        default="", description="where the issuer tells its public keys; https unless on this host"
    )
    auth_jwks_file: str = Field(
        default="", description="a file of them instead; both empty: the local issuer of `up`"
    )
    auth_clock_skew_seconds: float = Field(
        default=30.0, ge=0, le=300, description="how far the issuer's clock may be from ours"
    )
    auth_client_id: str = Field(
        default="",
        description="as which the edge signs people in with a browser; empty: it does not",
    )
    auth_client_secret: SecretStr = Field(
        default=SecretStr(""), description="empty: a public client, by PKCE alone"
    )
    auth_authorize_url: str = Field(default="", description="the issuer's page to sign in at")
    auth_token_url: str = Field(default="", description="where it gives tokens for codes")
    auth_callback_url: str = Field(
        default="",
        description="the edge's own `/auth/callback`, as browsers and the issuer know it",
    )
    auth_login_scope: str = Field(default="openid", description="what is asked for, with blanks")
    auth_session_seconds: float = Field(
        default=28_800.0, gt=0, description="at most; or the token's"
    )
    rate_requests_max: int = Field(
        default=10_000,
        ge=0,
        description="what a client may ask an edge within the window, at once or spread; 0: any number",
    )
    rate_window_seconds: float = Field(default=10.0, gt=0)
    edge_lag_max: int = Field(
        default=50_000,
        ge=0,
        description="commands of a module that may wait before the edge refuses more; 0: any number",
    )
    unpublished_seconds_max: float = Field(
        default=60.0, gt=0, description="a journal row unpublished for longer is an alarm"
    )

    health_host: str = "127.0.0.1"
    health_port: int = Field(
        default=0, ge=0, le=65_535, description="of a worker, relay or projector; 0: any free one"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("source_systems", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        """A list is written as names with spaces or commas between them."""
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("auth_jwks_url", "auth_authorize_url", "auth_token_url", "auth_callback_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        """What anybody on the way could exchange proves nothing; a password would be logged."""
        if value and not _SAFE_URL.fullmatch(value):
            raise ValueError("must be an https URL (http only on this host) without a password")
        return value

    @property
    def has_issuer(self) -> bool:
        """Whether it is said whose tokens count."""
        return bool(self.auth_jwks_url or self.auth_jwks_file)

    @property
    def offers_sign_in(self) -> bool:
        """Whether people can sign in with a browser."""
        urls = (self.auth_authorize_url, self.auth_token_url, self.auth_callback_url)
        return bool(self.auth_client_id) and all(urls)

    @property
    def ledger_url(self) -> str:
        """The ledger's libpq URL, in clear."""
        return self.database_url.get_secret_value()

    @property
    def read_url(self) -> str:
        """The read tables' libpq URL, in clear; the ledger's own when none is set."""
        return self.read_database_url.get_secret_value() or self.ledger_url


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
