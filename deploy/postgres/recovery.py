"""A backup made a running server again, elsewhere: a data directory as `stockyard up` keeps them.

Recovery runs where nobody can connect: no TCP, and a socket in a directory of the server's user
alone. It ends at the wanted moment with a new password, and the cluster is left stopped, in order.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deploy.machine.children import Child, spawn, stop, tail_of
from deploy.machine.trouble import OperatorError
from deploy.postgres import backup, manifest, server
from deploy.postgres.backup import BASE, WAL, Backup
from deploy.postgres.binaries import home
from deploy.postgres.owner import Owner, place
from deploy.postgres.programs import programs

if TYPE_CHECKING:
    from psycopg import Connection

RECOVERY_SECONDS: Final = 6 * 3600.0
STOP_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.05
SEGMENT: Final = re.compile(r"[0-9A-F]{24}(\.partial)?|[0-9A-F]{8}\.history")
LSN: Final = re.compile(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}")
SOCKET_PORT: Final = 5432
"""Only part of the socket's name."""
MAJOR: Final = 18
"""Of the embedded server, which runs what is restored."""
RULES: Final = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


class RestoreError(OperatorError):
    """The backup could not be made a server again."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A server on its own directory, put back to a moment; not running."""

    data_dir: Path
    database: str
    lsn: str
    last_commit_at: str
    """When the last transaction that it holds was committed; empty if its WAL held none."""
    timeline: int
    """Of the ledger, if one was begun for this restore; else 0."""
    seconds: float
    bytes: int


def restore(
    source: Path, data_dir: Path, *, until: str = "", put_back: bool = True, checked: bool = False
) -> Restored:
    """Restore a backup into a new directory for a server, up to a moment or the end of its WAL.

    `until` is an LSN or a time with its zone. `put_back` begins a new timeline of the ledger, for
    a restore that is to take the original's place. `checked`: its manifest was verified just now.

    Raises:
        BackupError: it is not one.
        DamagedError: its files are not those of its manifest.
        RestoreError: it does not reach the moment, or its server does not start; what was begun
            is gone.
    """
    taken = backup.read(source)
    target = _target(until)
    if taken.major != MAJOR:
        raise RestoreError(
            f"it is a backup of Postgres {taken.major}, and the embedded one is {MAJOR}: restore it "
            "with its own programs, see docs/runbooks/restore.md"
        )
    if data_dir.exists() and any(data_dir.iterdir()):
        raise RestoreError(f"{data_dir} is not empty: name a new directory")
    began = time.monotonic()
    if not checked:
        manifest.verify(source / BASE, programs(taken.major))
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o711)  # the server's user must be able to walk in
    home_dir, owner = place(data_dir, home())
    cluster = home_dir / "cluster"
    try:
        _lay_out(source, cluster, owner)
        with _recovering(cluster, owner, data_dir / "server.log", target) as socket:
            reached = _finish(
                socket, taken, server.kept_password(data_dir), until, put_back=put_back
            )
    except BaseException:
        shutil.rmtree(home_dir, ignore_errors=True)
        shutil.rmtree(data_dir, ignore_errors=True)
        raise
    size = backup.bytes_of(cluster)
    seconds = round(time.monotonic() - began, 3)
    return Restored(data_dir, taken.database, *reached, seconds=seconds, bytes=size)


def _target(until: str) -> Mapping[str, str]:
    """The settings that tell recovery where to end.

    Raises:
        RestoreError: it is neither an LSN nor a time with its zone.
    """
    if not until:
        return {}
    if LSN.fullmatch(until):
        return {"recovery_target_lsn": until}
    try:
        moment = datetime.fromisoformat(until)
    except ValueError as error:
        raise RestoreError(f"neither an LSN nor a time: {until}") from error
    if moment.tzinfo is None:
        raise RestoreError(f"a time needs its zone, for instance {until}Z")
    return {"recovery_target_time": moment.isoformat()}


def _lay_out(source: Path, cluster: Path, owner: Owner) -> None:
    """Copy the backup and the WAL behind it, and fill in what its own machine kept elsewhere."""
    _copy(source / BASE, cluster)
    for segment in sorted((source / WAL).glob("*")):
        name = segment.name.removesuffix(".partial")  # the newest, padded to its full length
        if SEGMENT.fullmatch(segment.name) and not (
            segment.suffix and (source / WAL / name).exists()
        ):
            _copy(segment, cluster / "pg_wal" / name)
    for name, content in (("postgresql.conf", ""), ("pg_hba.conf", RULES)):
        if not (cluster / name).exists():
            (cluster / name).write_text(content)
    (cluster / "recovery.signal").touch()
    cluster.chmod(0o700)
    if owner.user:
        for each in (cluster, *cluster.rglob("*")):
            owner.own(each)


def _copy(what: Path, to: Path) -> None:
    done = subprocess.run(
        ["cp", "-a", "--reflink=auto", str(what), str(to)],  # noqa: S607  # part of every Linux
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RestoreError(f"cannot copy the backup: {done.stderr.strip()[-500:]}")


@contextmanager
def _recovering(
    cluster: Path, owner: Owner, log: Path, target: Mapping[str, str]
) -> Iterator[Path]:
    """The server, from its recovery on, for whoever may enter its socket's directory."""
    socket = Path(tempfile.mkdtemp(prefix="stockyard-"))
    rules = socket / "pg_hba.conf"
    rules.write_text("local all all trust\n")
    owner.own(socket)
    owner.own(rules)
    options = {
        **server.SETTINGS,
        "listen_addresses": "",
        "port": str(SOCKET_PORT),
        "unix_socket_directories": str(socket),
        "hba_file": str(rules),
        "archive_mode": "off",
        "hot_standby": "off",
        "restore_command": "false",  # all of the WAL lies in place
        "recovery_target_action": "promote",
        **target,
    }
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    command = [*owner.prefix, str(home() / "bin" / "postgres"), "-D", str(cluster), *words]
    environment = {**os.environ, "LC_ALL": "C"}
    child = Child(command, log, ends_by=signal.SIGINT, environment=environment, user=owner.user)
    process = spawn(child)
    try:
        _wait_recovered(process, socket, log)
        yield socket
    finally:
        stop(process, signal.SIGINT, within_seconds=STOP_SECONDS)
        shutil.rmtree(socket, ignore_errors=True)


def _wait_recovered(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    from psycopg import OperationalError, connect  # noqa: PLC0415 (slow to import)

    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            # Without a role of its own: the refusal comes from a server that is up.
            connect(host=str(socket), port=SOCKET_PORT, user="-", dbname="postgres").close()
        except OperationalError as error:
            if 'role "-" does not exist' in str(error):
                return
        if process.poll() is not None:
            raise RestoreError(f"the backup does not recover:\n{tail_of(log)}")
        if time.monotonic() > deadline:
            raise RestoreError(f"the recovery took longer than {RECOVERY_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


_REACHED: Final = """
SELECT pg_last_wal_replay_lsn()::text, coalesce(to_char(pg_last_xact_replay_timestamp()
    AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '')
"""


def _finish(
    socket: Path, taken: Backup, password: str, until: str, *, put_back: bool
) -> tuple[str, str, int]:
    """Give the embedded server's role a new password, and tell where recovery came to."""
    from psycopg import sql  # noqa: PLC0415  # slow to import

    from ledger import timeline  # noqa: PLC0415  # slow to import

    with _session(socket, taken.superuser, "postgres") as session:
        lsn, at = session.execute(_REACHED).fetchone() or ("", "")
        known = session.execute("SELECT FROM pg_roles WHERE rolname = %s", [server.USER]).rowcount
        verb = sql.SQL("ALTER" if known else "CREATE")
        change = sql.SQL("{} ROLE {} SUPERUSER LOGIN PASSWORD {}")
        role = sql.Identifier(server.USER)
        session.execute(change.format(verb, role, sql.Literal(password)))
    if not put_back:
        return lsn, at, 0
    with _session(socket, taken.superuser, taken.database) as session:
        reason = f"restored from the backup of {taken.taken_at}, until {until or 'its end'} ({lsn})"
        return lsn, at, timeline.begin(session, reason)


def _session(socket: Path, user: str, database: str) -> "Connection[Any]":
    from psycopg import connect  # noqa: PLC0415  # slow to import

    return connect(host=str(socket), port=SOCKET_PORT, user=user, dbname=database)
