"""A base backup of a ledger's server over the replication protocol, and the WAL that follows it.

    DIR/base/        what pg_basebackup wrote: a whole cluster with the WAL that makes it consistent
    DIR/wal/         what pg_receivewal went on to write, segment by segment, where it was asked to
    DIR/backup.json  what it is a backup of, when, how large, and what took it

The same programs serve the embedded server and any other: nothing of the server's own settings
needs to change, and the archive is kept by whoever keeps the backup. (An `archive_command` would
need access to the server's files and settings, and loses up to a whole segment.)
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deploy.machine.children import Child, spawn, stop, tail_of
from deploy.machine.trouble import OperatorError
from deploy.postgres import manifest
from deploy.postgres.programs import programs

if TYPE_CHECKING:
    from psycopg import Connection

BASE, WAL, DESCRIPTION = "base", "wal", "backup.json"
CHECKSUMS: Final = "--manifest-checksums=SHA256"
BACKUP_SECONDS: Final = 6 * 3600
SLOT_SECONDS: Final = 60
STOP_SECONDS: Final = 30.0
NEEDS: Final = (
    "a backup needs a role that may replicate (ALTER ROLE ... REPLICATION, or a superuser), a line "
    "`host replication <role> <address> scram-sha-256` in the server's pg_hba.conf, and the settings "
    "wal_level = replica and max_wal_senders >= 3 (all are Postgres's defaults but the role)"
)


class BackupError(OperatorError):
    """The backup could not be taken, or is not one."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What `backup.json` says: a base backup, and whose."""

    taken_at: str
    seconds: float
    base_bytes: int
    server_version: str
    system_identifier: str
    database: str
    superuser: str
    start_lsn: str
    end_lsn: str
    manifest_sha256: str
    program: str
    slot: str
    """The server keeps WAL for the archive under this name; empty without one."""

    @property
    def major(self) -> int:
        """The server's major version."""
        return int(self.server_version.split(".")[0])


def take(url: str, place: Path, *, wal: bool = False) -> Backup:
    """Take a base backup of the server at a libpq URL, and check it against its own manifest.

    With `wal`, the server keeps its WAL from here on until `archive` has fetched it.

    Raises:
        BackupError: there is one already, the role may not, or the server went away. What was
            begun is gone.
    """
    if (place / BASE).exists():
        raise BackupError(f"{place} holds a backup already: name a new directory")
    known = _asked(url)
    where = programs(known["major"])
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)  # it holds all that the database holds
    slot = (
        f"stockyard_{hashlib.sha256(os.fsencode(place.absolute())).hexdigest()[:16]}" if wal else ""
    )
    began, part = time.monotonic(), place / f"{BASE}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        if slot:
            _make_slot(url, where, slot)
        _run(
            [
                str(where / "pg_basebackup"),
                "-D",
                str(part),
                "-X",
                "stream",
                "-c",
                "fast",
                CHECKSUMS,
            ],
            url,
            BACKUP_SECONDS,
        )
        manifest.verify(part, where)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        if slot:
            drop_slot(url, slot)
        raise
    part.replace(place / BASE)
    taken = _described(place, known, where, slot, time.monotonic() - began)
    _keep(place, taken)
    return taken


def read(place: Path) -> Backup:
    """The backup in a directory.

    Raises:
        BackupError: it holds none, or an unfinished one.
    """
    try:
        return Backup(**json.loads((place / DESCRIPTION).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{place} holds no finished backup: {error}") from error


def archive(url: str, place: Path, log: Path) -> subprocess.Popen[bytes]:
    """Begin, or go on, to fetch the server's WAL behind a backup, as it is written.

    The program waits for a server that is away and goes on where it stopped. Call from the main
    thread (see `children.spawn`).
    """
    taken = read(place)
    if not taken.slot:
        raise BackupError(f"{place} was taken without --wal: the server kept nothing for it")
    (place / WAL).mkdir(exist_ok=True)
    words = ["-D", str(place / WAL), f"--slot={taken.slot}", "--synchronous", "--no-password"]
    program = str(programs(taken.major) / "pg_receivewal")
    address, secret = _address(url)
    command = [program, *words, "-d", address]
    return spawn(Child(command, log=log, ends_by=signal.SIGINT, environment=secret))


def end_archive(process: subprocess.Popen[bytes]) -> bool:
    """Stop fetching; what is fetched stays, and the server keeps what comes."""
    return stop(process, signal.SIGINT, within_seconds=STOP_SECONDS)


def archived(place: Path) -> tuple[int, int]:
    """How many segments of WAL an archive holds, and how many bytes."""
    found = [each.stat().st_size for each in (place / WAL).glob("0*")]
    return len(found), sum(found)


def drop_slot(url: str, slot: str) -> None:
    """Let the server forget an archive: it keeps no more WAL for it."""
    with _connected(url) as session:
        session.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
            " WHERE slot_name = %s AND NOT active",
            [slot],
        )


def bytes_of(folder: Path) -> int:
    """The size of all files of a directory."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def _make_slot(url: str, where: Path, slot: str) -> None:
    words = [str(where / "pg_receivewal"), "--create-slot", "--if-not-exists", f"--slot={slot}"]
    _run(words, url, SLOT_SECONDS)


_KNOWN: Final = """
SELECT current_setting('server_version_num')::int / 10000, split_part(current_setting('server_version'), ' ', 1),
    current_database(), (SELECT rolname FROM pg_roles WHERE oid = 10),
    (SELECT system_identifier::text FROM pg_control_system()),
    (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user),
    current_setting('wal_level') <> 'minimal' AND current_setting('max_wal_senders')::int >= 3,
    to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    (SELECT count(*) FROM pg_tablespace) - 2
"""


def _asked(url: str) -> dict[str, Any]:
    """What the server says of itself.

    Raises:
        BackupError: it does not answer, or a backup cannot be taken of it.
    """
    with _connected(url) as session:
        row = session.execute(_KNOWN).fetchone() or ()
    names = ("major", "version", "database", "superuser", "system", "may", "set", "now", "spaces")
    known = dict(zip(names, row, strict=True))
    if not (known["may"] and known["set"]):
        raise BackupError(f"the server cannot be backed up by this role: {NEEDS}")
    if known["spaces"]:
        raise BackupError("the server has tablespaces of its own: use pg_basebackup with a mapping")
    return known


def _connected(url: str) -> "Connection[Any]":
    from psycopg import OperationalError  # noqa: PLC0415 (slow to import)

    from deploy.postgres.databases import connect  # noqa: PLC0415  # slow to import

    try:
        return connect(url)
    except OperationalError as error:
        raise BackupError(f"the ledger's server does not answer: {error}") from error


def _described(
    place: Path, known: Mapping[str, Any], where: Path, slot: str, seconds: float
) -> Backup:
    written = (place / BASE / manifest.MANIFEST).read_bytes()
    (wal,) = json.loads(written)["WAL-Ranges"]
    program = [str(where / "pg_basebackup"), "--version"]
    said = subprocess.run(program, check=True, capture_output=True, text=True, timeout=SLOT_SECONDS)
    return Backup(
        taken_at=known["now"],
        seconds=round(seconds, 3),
        base_bytes=bytes_of(place / BASE),
        server_version=known["version"],
        system_identifier=known["system"],
        database=known["database"],
        superuser=known["superuser"],
        start_lsn=wal["Start-LSN"],
        end_lsn=wal["End-LSN"],
        manifest_sha256=hashlib.sha256(written).hexdigest(),
        program=said.stdout.strip(),
        slot=slot,
    )


def _keep(place: Path, taken: Backup) -> None:
    """Last of all, in one step: a directory with a description holds a whole backup."""
    part = place / f"{DESCRIPTION}.part"
    part.write_text(json.dumps(asdict(taken), indent=2) + "\n")
    part.replace(place / DESCRIPTION)


def _address(url: str) -> tuple[str, dict[str, str]]:
    """A server's address for a command line, and the environment that holds the password."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415  # slow to import

    from ledger.connection import plain_url  # noqa: PLC0415  # slow to import

    parts: dict[str, Any] = dict(conninfo_to_dict(plain_url(url)))
    password = parts.pop("password", None)
    parts.pop("dbname", None)
    secret = {"PGPASSWORD": str(password)} if password else {}
    return make_conninfo(**parts), {**os.environ, **secret}


def _run(command: list[str], url: str, within_seconds: float) -> None:
    """Run one of the programs to its end, against a server when a URL is given."""
    environment = None
    if url:
        address, environment = _address(url)
        command = [*command, "--no-password", "-d", address]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=within_seconds,
        env=environment,
    )
    if done.returncode:
        name = Path(command[0]).name
        hint = f"\n{NEEDS}" if url else ""
        raise BackupError(f"{name} failed ({done.returncode}): {done.stderr.strip()[-1000:]}{hint}")


def archive_ended(process: subprocess.Popen[bytes], log: Path) -> None:
    """Tell why an archive came to its end by itself.

    Raises:
        BackupError: it did.
    """
    if process.poll() is not None:
        raise BackupError(f"pg_receivewal ended:\n{tail_of(log)}")
