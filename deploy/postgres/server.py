"""An embedded Postgres: one real server on a directory that it keeps, with safe settings."""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.machine.children import Child, spawn, stop, tail_of
from deploy.machine.locks import acquire
from deploy.machine.ports import HOST, kept_ports, stored_ports
from deploy.machine.trouble import OperatorError
from deploy.postgres.binaries import home
from deploy.postgres.cluster import initialise
from deploy.postgres.databases import Databases, connect
from deploy.postgres.owner import Owner, place

USER = "stockyard"
DATABASE = "stockyard"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
PREDECESSOR_SECONDS = 30.0
POLL_SECONDS = 0.02
SOCKET_PATH_BYTES_MAX = 90  # the kernel's limit is 107, and the server appends its own name

SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "512MB",
    # What has been answered as done survives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # What a backup's archive of WAL has not fetched is kept for it, but not until the disk is full.
    "max_slot_wal_keep_size": "16GB",
    "shared_preload_libraries": "pg_stat_statements",
    # A client that hangs in a transaction must not hold its locks for ever.
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
}


class ServerError(OperatorError):
    """The embedded Postgres did not come up."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running embedded server. Its address and password stay the same over restarts."""

    log: Path
    port: int
    password: str
    process: subprocess.Popen[bytes]

    def url(self, database: str = DATABASE) -> str:
        """The libpq URL of a database, which need not exist."""
        return _url(self.password, self.port, database)

    @property
    def databases(self) -> Databases:
        """Its databases, to make and drop."""
        return Databases(self.url("postgres"))

    def database(self, name: str, *, template: str = "template1") -> str:
        """The URL of a database, made as a copy of the template when there is none of the name."""
        return self.databases.make(name, template=template)

    def stop(self) -> bool:
        """End the server, its clients too, and keep its data; whether it ended unforced."""
        return stop(self.process, signal.SIGINT, within_seconds=STOP_SECONDS)


def start(
    data_dir: Path,
    *,
    settings: Mapping[str, str] | None = None,
    ready_seconds: float = READY_SECONDS,
    log: Path | None = None,
) -> Postgres:
    """A server on this directory, new or kept, that answers queries when this returns.

    `settings` replace or add to the server's own. Call from the main thread
    (see `children.spawn`).
    """
    data_dir, programs = data_dir.absolute(), home()
    log = log or data_dir / "server.log"
    purpose = f"a Postgres on {data_dir}"
    lock = acquire(data_dir / ".lock", within_seconds=PREDECESSOR_SECONDS, why=purpose)
    try:
        home_dir, owner = place(data_dir, programs)
        password = kept_password(data_dir)
        initialise(programs, home_dir / "cluster", owner, USER, password)
        port = kept_ports(data_dir / "ports.json", ["postgres"])["postgres"]
        options = {**SETTINGS, **_sockets(home_dir), **(settings or {}), "port": str(port)}
        command = [*owner.prefix, str(programs / "bin" / "postgres"), *_words(home_dir, options)]
        process = spawn(_child(command, log, owner, lock))
    finally:
        os.close(lock)
    postgres = Postgres(log, port, password, process)
    _wait_ready(postgres, ready_seconds)
    postgres.database(DATABASE)
    return postgres


def kept_url(data_dir: Path) -> str:
    """The URL of the ledger on this directory, running or not; empty if there never was one."""
    port = stored_ports(data_dir / "ports.json").get("postgres")
    return _url(kept_password(data_dir), port, DATABASE) if port else ""


def kept_password(data_dir: Path) -> str:
    """The password of a data directory, made at random when it has none; for its owner's eyes."""
    file = data_dir / "password"
    if not file.exists():
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(24))
        part.replace(file)
    return file.read_text()


def _url(password: str, port: int, database: str) -> str:
    return f"postgresql://{USER}:{quote(password)}@{HOST}:{port}/{quote(database)}"


def _words(home_dir: Path, options: Mapping[str, str]) -> list[str]:
    pairs = [("-c", f"{name}={value}") for name, value in options.items()]
    return ["-D", str(home_dir / "cluster"), *(word for pair in pairs for word in pair)]


def _sockets(home_dir: Path) -> dict[str, str]:
    """A socket in the cluster, for the owner's psql, where its path is short enough for one."""
    path = str(home_dir / "cluster")
    fits = len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX
    return {"unix_socket_directories": path if fits else ""}


def _child(command: list[str], log: Path, owner: Owner, lock: int) -> Child:
    """The server ends by SIGINT, "fast": SIGTERM would wait for clients to leave."""
    return Child(
        command,
        log=log,
        ends_by=signal.SIGINT,
        environment={**os.environ, "LC_ALL": "C"},
        user=owner.user,
        lock=lock,
    )


def _wait_ready(postgres: Postgres, within_seconds: float) -> None:
    """Wait until a query is answered; a server that dies or dawdles is ended and told of."""
    deadline = time.monotonic() + within_seconds
    while not _answers(postgres.url("postgres")):
        if postgres.process.poll() is not None or time.monotonic() > deadline:
            postgres.stop()
            tail = tail_of(postgres.log)
            raise ServerError(f"Postgres did not start in {within_seconds:.0f} s:\n{tail}")
        time.sleep(POLL_SECONDS)


def _answers(url: str) -> bool:
    from psycopg import OperationalError  # noqa: PLC0415  # slow to import

    try:
        connect(url).close()
    except OperationalError:
        return False
    return True
