"""`stockyard backup`: a base backup of the ledger's server, and the WAL behind it as it is written."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from deploy.machine.addresses import DATA_DIR, adopt
from deploy.machine.says import say
from deploy.machine.supervisor import AskedToStop

WATCH_SECONDS = 0.5
SAY_SECONDS = 60.0


def backup(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="a new directory")],
    *,
    data_dir: Annotated[
        Path, typer.Option(help="used when ERP_DATABASE_URL is not set")
    ] = DATA_DIR,
    wal: Annotated[
        bool,
        typer.Option(
            "--wal",
            help="go on fetching WAL until a signal comes, so that any moment can be restored; "
            "on a directory that has a backup with it: go on where it stopped",
        ),
    ] = False,
    drop_slot: Annotated[
        bool, typer.Option("--drop-slot", help="the server keeps no more WAL for this directory")
    ] = False,
) -> None:
    """Back up the ledger's server, and check what was written against its manifest."""
    from deploy.postgres import backup as backups  # noqa: PLC0415 (slow to import)

    url = adopt(data_dir, kafka=False).ledger_url
    if drop_slot:
        backups.drop_slot(url, backups.read(place).slot)
        say("the server keeps no more WAL for it")
        return
    if not (wal and (place / backups.DESCRIPTION).exists()):
        taken = backups.take(url, place, wal=wal)
        megabytes = taken.base_bytes / 1e6
        say(
            f"{place}: {megabytes:,.1f} MB in {taken.seconds:.1f} s, up to {taken.end_lsn}, verified"
        )
    if wal:
        _follow(url, place)


def _follow(url: str, place: Path) -> None:
    """Fetch WAL until a signal comes."""
    from deploy.postgres import backup as backups  # noqa: PLC0415  # slow to import

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _asked)
    log = place / "receivewal.log"
    process = backups.archive(url, place, log)
    said_at = time.monotonic() - SAY_SECONDS
    try:
        while True:
            backups.archive_ended(process, log)
            if time.monotonic() - said_at >= SAY_SECONDS:
                said_at = time.monotonic()
                segments, size = backups.archived(place)
                say(f"fetching WAL: {segments} segments, {size / 1e6:,.0f} MB")
            time.sleep(WATCH_SECONDS)
    except AskedToStop:
        say("stopping; the server keeps what comes: go on with the same words, or --drop-slot")
    finally:
        backups.end_archive(process)


def _asked(_signal: int, _frame: FrameType | None) -> None:
    raise AskedToStop
